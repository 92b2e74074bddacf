/* proc: processes, signals and the memory that processes share. -errno on failure. */
#ifndef DRAY_SYS_PROC_H
#define DRAY_SYS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Zeroed memory that children share; lives as long as the process. NULL when there is none. */
void *proc_shared(size_t size);
void proc_unshare(void *at, size_t size);

/* Zeroed memory of this process, of which only what is touched is ever there. NULL when there is none. */
void *proc_private(size_t size);
/* NULL is fine. */
void proc_private_free(void *at, size_t size);

/* A descriptor that becomes readable by proc_event_raise and stays so until proc_event_clear. */
int proc_event(void);
void proc_event_raise(int fd); /* also from a signal handler */
void proc_event_clear(int fd);

/* SIGINT, SIGTERM (and SIGHUP from a terminal that goes away): the first raises `drain` and after `seconds` (0: never)
 * `now`; the second raises `now` at once. SIGPIPE is ignored. For the main process, before any fork. */
int proc_catch_stop(int drain, int now, unsigned seconds);
/* At the first of those signals this listener is shut, for all processes that share it: new clients are refused at once,
 * even while the one process of a server is busy. At most PROC_SHUT_MAX of them. */
void proc_shut_on_stop(int listener);
enum { PROC_SHUT_MAX = 32 };
/* Raises fd whenever a child ends. */
int proc_watch_children(int fd);

/* fork(2). In the child: terminal signals are ignored (the parent speaks through the stop events), SIGTERM ends it, and it
 * ends when its parent does. */
pid_t proc_fork(void);
/* The end of a child, without atexit handlers of the parent. */
_Noreturn void proc_exit(int code);

struct proc_end {
    pid_t pid;
    int signal; /* that killed it, or 0 */
    int code;
};
/* A child that has ended: 1, or 0 when none has (-ECHILD: there are no children). wait: sleeps until one ends. */
int proc_reap(struct proc_end *out, bool wait);
int proc_signal(pid_t pid, int signal);

pid_t proc_pid(void);
/* Whose files those that this process makes are. */
void proc_owner(unsigned *uid, unsigned *gid);
/* The soft descriptor limit is raised to the hard one, which is returned. */
unsigned long proc_raise_files(void);
/* No limit to what may be locked in memory, as rings are; else their number is limited for each user. False: not allowed to. */
bool proc_raise_locked(void);
unsigned proc_cpus(void);
/* How many threads of a server may compute at once for long: what else there is to do shall get on, too. */
unsigned proc_computers(void);
enum { PROC_COMPUTERS_MAX = 8 };
/* Who starts a program may have closed its standard streams: what is opened first would be in their place, and be written into. */
void proc_open_standard(void);
/* It is a pipe, and nobody will read it. */
bool proc_reader_left(int fd);
/* This thread takes what processor time others leave, from now on. That needs no right, and cannot be taken back. */
void proc_thread_meek(void);

#endif
