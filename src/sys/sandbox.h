/* sandbox: what a server gives up before its first client: all files but those that it is told of (Landlock), all system calls
 * but those that it needs (seccomp), new privileges, and being looked into. Needs no privilege. It holds for this process and
 * whatever it starts later. What the machine does not have is left out, and found out before by trying. */
#ifndef DRAY_SYS_SANDBOX_H
#define DRAY_SYS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* What else than files, sockets and memory a server needs. */
enum sandbox_need { SANDBOX_PROCESSES = 1, SANDBOX_THREADS = 2, SANDBOX_EPOLL = 4, SANDBOX_RING = 8, SANDBOX_USERS = 16 };

/* What may be done with a file or folder and all below it. CHANGE is everything: to write, make, rename and remove. */
enum sandbox_access { SANDBOX_READ = 1, SANDBOX_CHANGE = 2, SANDBOX_REMOVE = 4 };

enum { SANDBOX_RULES = 64 };

struct sandbox_rule {
    int fd;           /* an open file or folder; -1: see path */
    const char *path; /* looked up when the sandbox is entered; one that is not there is passed over */
    unsigned access;
};

struct sandbox {
    unsigned needs; /* of enum sandbox_need */
    bool debug;     /* debuggers may look in, and a crash leaves a core file */
    unsigned n;
    struct sandbox_rule rule[SANDBOX_RULES];
    /* Called for a system call that is refused, on the thread that made it, from a signal handler; the process ends then,
     * with SANDBOX_REFUSED. */
    void (*tell)(void *arg, const char *call, int number);
    void *arg;
};

enum { SANDBOX_REFUSED = 86 };

/* What this machine can do: for each, 0 or more: it holds; -errno: it is not there, or (-EBADE) it does not hold. */
struct sandbox_found {
    int privileges; /* no new ones */
    int landlock;   /* the kernel's version of it; -ECANCELED: left out for a sanitizer's reports */
    int seccomp;    /* how many system calls are allowed */
    int dumps;      /* none; 1: left out for debuggers or a sanitizer */
};

/* A rule more; CHECKs that there is room. */
void sandbox_allow(struct sandbox *, struct sandbox_rule);

/* The self-test: enters it in a child, which tries what must fail: to open the root folder (unless that is shared), to start a
 * program, to open a socket of another kind. Returns when the child has ended. -errno: it could not be tried at all. */
int sandbox_try(const struct sandbox *, struct sandbox_found *out);

/* Within it, what only the beginning took is given up as well: PROCESSES, to start any; RING, to make or change a ring. Nothing is
 * done where there is no sandbox. -errno. */
int sandbox_begun(unsigned gone);

/* Can this kernel hold a system call until another process has spoken (Linux 5.5)? 0 or -EOPNOTSUPP. */
int sandbox_may_ask(void);
/* From now on the calls setgroups, setresgid and setresuid of this process and its children are held: the descriptor of who decides
 * about them, which the caller closes. Before sandbox_enter, whose USERS lets these calls come so far. -errno. */
int sandbox_ask(void);

/* Enters it, with all that was found. Before any thread. -errno: something that was found failed now. */
int sandbox_enter(const struct sandbox *, const struct sandbox_found *);

#endif
