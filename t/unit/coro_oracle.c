/* coro_oracle: coro.c over swapcontext under other names, beside the build's own switch in the same test. */
#ifndef CORO_UCONTEXT
#define CORO_UCONTEXT
#endif
#define coro_free oracle_free
#define coro_is_deep oracle_is_deep
#define coro_live oracle_live
#define coro_main oracle_main
#define coro_new oracle_new
#define coro_of_room oracle_of_room
#define coro_park oracle_park
#define coro_pool_free oracle_pool_free
#define coro_pool_guard_strong oracle_pool_guard_strong
#define coro_pool_guard_text oracle_pool_guard_text
#define coro_pool_new oracle_pool_new
#define coro_pool_paint oracle_pool_paint
#define coro_resume oracle_resume
#define coro_room oracle_room
#define coro_sleep_deep oracle_sleep_deep
#define coro_stack_used oracle_stack_used
#define coro_switch oracle_switch
#define coro_trim oracle_trim
#define switch_first oracle_switch_first

#include "rt/coro.c"          // NOLINT(bugprone-suspicious-include)
#include "rt/coro_ucontext.c" // NOLINT(bugprone-suspicious-include)

#include "coro_oracle.h"

const struct coro_ways oracle = {
    coro_pool_new, coro_pool_free, coro_new, coro_free, coro_resume, coro_park, coro_trim, coro_sleep_deep,
};
