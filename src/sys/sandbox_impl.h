/* sandbox_impl: the parts of the sandbox, for sys/sandbox*.c and their test only. */
#ifndef DRAY_SYS_SANDBOX_IMPL_H
#define DRAY_SYS_SANDBOX_IMPL_H

#include "sys/sandbox.h"

/* A sanitizer needs system calls of its own, and writes its report where it likes. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_TOOLS true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_TOOLS true
#endif
#endif
#ifndef SANDBOX_TOOLS
#define SANDBOX_TOOLS false
#endif

/* For this process, at once and for good. The kernel's version of Landlock; -ENOSYS: it has none, -EOPNOTSUPP: it is switched
 * off, -ERANGE: it is too old to be of use. */
int sandbox_landlock(const struct sandbox *);
/* For this process, at once and for good. The number of calls that are allowed. */
int sandbox_seccomp(const struct sandbox *);
/* On top of that: these (SANDBOX_PROCESSES, SANDBOX_RING) are refused from now on. */
int sandbox_seccomp_less(unsigned gone);
/* The name of a system call; "?" when the table does not have it. */
const char *sandbox_call_name(int number);

#endif
