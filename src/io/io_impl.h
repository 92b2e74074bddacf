/* io_impl: what a kind of stream provides, and the stream itself. For the files of io/ only. */
#ifndef DRAY_IO_IO_IMPL_H
#define DRAY_IO_IO_IMPL_H

#include "io/io.h"

/* Each waits no longer than io->deadline and returns as the rt verbs do. */
struct io_ops {
    int (*await)(struct io *, int64_t when); /* until recv_now has something to say */
    int (*await_room)(struct io *);          /* until send_now has */
    ssize_t (*recv_now)(struct io *, void *buf, size_t len); /* 0 at the end, -EAGAIN for nothing */
    ssize_t (*send)(struct io *, const void *buf, size_t len);
    ssize_t (*send_now)(struct io *, const void *buf, size_t len); /* -EAGAIN for nothing */
    ssize_t (*sendfile)(struct io *, int file, int64_t off, size_t len);
    int (*finish)(struct io *);           /* tells the peer that no more comes */
    void (*close)(struct io *, bool reset); /* gives the descriptor back */
};

/* Bytes from `from` to `to` wait in `at`, which is there only while something waits: an idle session must fit a page, a busy
 * one may not grow without bound. */
struct io_in {
    char *at;
    unsigned cap, from, to;
    bool skipping; /* inside a line that is too long */
};

/* There only while something waits to be sent. */
struct io_out {
    char *at;
    unsigned len;
};

enum { IO_OUT_MAX = 1024 }; /* a full packet; the room is a piece */

struct io {
    const struct io_ops *ops;
    struct io_tls *tls; /* of io_tls.c; NULL: plain */
    struct rt_task *task;
    struct io *hear;
    int64_t deadline;
    int fd;
    int error; /* the first write error */
    struct io_in in;
    struct io_out out;
};

extern const struct io_ops io_sock_ops;
/* What is written from now on is the last on this stream with TLS: it may wait for the end (io_tls_send.c). */
void io_tls_last(struct io *);

#endif
