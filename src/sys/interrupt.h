/* interrupt: Ctrl-C as a descriptor. It goes into rt_stop.now, so that a transfer, a prompt and a connect all end by
 * the same -ECANCELED; no handler, no global flag. */
#ifndef DRAY_SYS_INTERRUPT_H
#define DRAY_SYS_INTERRUPT_H

/* Holds SIGINT, SIGTERM and SIGHUP back from the process and returns a descriptor that is readable while one is
 * pending; SIGPIPE is ignored from then on. The caller closes it. -errno on failure. */
int interrupt_open(void);

/* Takes what is pending: the most final signal of them (SIGINT is the least), 0 when there was none. Never waits. */
int interrupt_take(int fd);

#endif
