/* wrap: the linker leads calls of NAME to WRAP(NAME) (meson.build has the list); REAL(NAME) is the system's. */
#ifndef T_SIM_WRAP_H
#define T_SIM_WRAP_H

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#define WRAP(name) __wrap_##name
#define REAL(name) __real_##name

struct statfs64;
struct statvfs64;

#define WRAPPED(type, name, ...)  \
    type __wrap_##name(__VA_ARGS__); \
    type __real_##name(__VA_ARGS__);
#include "wrap.def"
#undef WRAPPED

/* Allocations of the whole program that are not freed yet. */
int64_t wrap_allocations(void);
/* The numbers of inodes: once, and for each run. */
void wrap_inodes_map(void);
void wrap_inodes_begin(void);
/* What processes would share: is given back; stays from now on. */
void wrap_unshare(void);
void wrap_keep_shared(void);

#endif
