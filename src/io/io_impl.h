/* io_impl: what a kind of stream provides, and the stream itself. For the files of io/ only. */
#ifndef DRAY_IO_IO_IMPL_H
#define DRAY_IO_IO_IMPL_H

#include "io/io.h"

/* Each waits no longer than io->deadline and returns as the rt verbs do. */
struct io_ops {
    ssize_t (*recv)(struct io *, void *buf, size_t len, int64_t when);
    int (*await)(struct io *);
    ssize_t (*recv_now)(struct io *, void *buf, size_t len);
    ssize_t (*send)(struct io *, const void *buf, size_t len);
    ssize_t (*sendfile)(struct io *, int file, int64_t off, size_t len);
    int (*finish)(struct io *);           /* tells the peer that no more comes */
    void (*close)(struct io *, bool reset); /* gives the descriptor back */
};

/* Bytes from `from` to `to` wait in `at`, which starts inside the stream and moves to the heap for a long line: an idle
 * session must fit one page, a busy one may not grow without bound. */
struct io_in {
    char *at;
    size_t cap, from, to;
    bool skipping; /* inside a line that is too long */
    char small[256];
};

struct io_out {
    size_t len;
    char at[1024];
};

struct io {
    const struct io_ops *ops;
    struct rt_task *task;
    struct io *hear;
    int64_t deadline;
    int fd;
    int error; /* the first write error */
    struct io_in in;
    struct io_out out;
};

extern const struct io_ops io_sock_ops;

#endif
