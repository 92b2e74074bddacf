/* floor: what the bare programs share: the least that a client of `dray bench models` must be told, over one poll(2) loop.
 * They are what each figure is compared with: no limits, no time-outs, no checks, one client's mistake ends them. */
#ifndef DRAY_BENCH_FLOOR_H
#define DRAY_BENCH_FLOOR_H

#include <stddef.h>

enum { FLOOR_CLIENTS = 64, FLOOR_BLOCK = 1 << 20 };

struct floor_client {
    int control;  /* 0: free */
    int listener; /* kept for the whole session; 0: not made yet */
    char port[64]; /* the reply that tells its port */
    size_t port_len;
};

struct floor {
    const char *unit;
    double units; /* done */
    int folder;   /* that is served */
    char *block;  /* FLOOR_BLOCK bytes */
    /* RETR, STOR or MLSD: the data connection is made, `name` is the argument. It says 150 and 226, and counts. */
    void (*transfer)(struct floor *, int control, int data, const char *name);
};

/* Serves argv[1], prints the address; at SIGTERM its CPU time and what was done. */
int floor_main(struct floor *f, int argc, char **argv);

void floor_send(int fd, const char *text, size_t len);
#define FLOOR_SAY(fd, text) floor_send(fd, text "\r\n", sizeof(text) + 1)
/* Ends the program with a message unless ok. */
void floor_need(int ok, const char *what);

#endif
