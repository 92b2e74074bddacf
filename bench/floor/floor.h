/* floor: what the bare programs share: the least that a client of `dray bench models` must be told, over one
 * poll(2) loop. They are what each figure is compared with: no limits, no time-outs, no checks, one client's
 * mistake ends them. */
#ifndef DRAY_BENCH_FLOOR_H
#define DRAY_BENCH_FLOOR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { FLOOR_BLOCK = 1 << 20 };

/* RETR, STOR or MLSD of `name`; the data connection is made. */
struct floor_job {
    int folder, control, data;
    bool store;
    const char *name;
    uint64_t units; /* done */
};

/* How control and data connections speak where that is not in the clear to their end. */
struct floor_line {
    /* The peer has said something: a step of the handshake. 0: more are to come, 1: done, 2: and something behind it has come. */
    int (*shake)(int fd, bool data);
    ssize_t (*receive)(int fd, char *to, size_t cap);
    bool (*send)(int fd, const char *text, size_t len); /* false: in the clear, it is for the caller */
    void (*forget)(int fd);
};

struct floor {
    const char *unit;
    void (*transfer)(struct floor_job *); /* says 150 (behind a handshake it was said) and 226, closes data, counts */
    bool threads;                         /* one for each transfer */
    const struct floor_line *line;        /* NULL: in the clear */
};

/* Listens at that address on a free port. */
int floor_listen(const char *host, int backlog, unsigned *port);

/* Serves the folder argv[1] at the address argv[2], prints the port; at SIGTERM its CPU time and what was done. */
int floor_main(const struct floor *f, int argc, char **argv);

void floor_send(int fd, const char *text, size_t len);
#define FLOOR_SAY(fd, text) floor_send(fd, text "\r\n", sizeof(text) + 1)
/* Ends the program with a message unless ok. */
void floor_need(int ok, const char *what);

#endif
