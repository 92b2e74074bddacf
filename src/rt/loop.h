/* loop: an event loop that runs tasks as coroutines: ten thousand sessions on one thread, each written as if it were alone.
 * A model makes one, starts its first task and runs it. */
#ifndef DRAY_RT_LOOP_H
#define DRAY_RT_LOOP_H

#include "rt/rt.h"

struct loop;
struct loop_ops;

extern const struct loop_ops loop_epoll, loop_uring;

/* At most `tasks` at once. -ENOMEM, -EMFILE; loop_uring: -ENOSYS or -EPERM where the kernel has or allows no io_uring. */
int loop_new(const struct loop_ops *, struct rt_stop, unsigned tasks, struct loop **);
/* After loop_run. NULL is fine. */
void loop_free(struct loop **);

/* A task that runs fn(task, arg) with a copy of `len` bytes at arg. -EAGAIN: there are as many tasks as may be; -ENOMEM. */
int loop_start(struct loop *, void (*fn)(struct rt_task *, void *arg), const void *arg, size_t len);
/* The loop that a task of its runs on. */
struct loop *loop_of(struct rt_task *);
/* A task of the loop waits until another one of it calls loop_rouse (also before this): 0, -ETIMEDOUT at `when`, -ECANCELED. */
int loop_rest(struct rt_task *, int64_t when);
void loop_rouse(struct rt_task *);
/* Until the last task has ended. */
void loop_run(struct loop *);

/* Could a loop of this kind be made here? 0 or what loop_new would say. *guard: how its stacks would be guarded, where that is
 * weaker than on a recent kernel (static text), else NULL. */
int loop_check(const struct loop_ops *, unsigned tasks, const char **guard);

/* For tests, before the first task: stacks are painted, so that the deepest use of any can be told, in bytes. */
void loop_paint(struct loop *);
size_t loop_stack_used(const struct loop *);

#endif
