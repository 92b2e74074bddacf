/* xfer: bytes between a file and a stream, for every protocol: zero-copy where the file and the stream allow, converted where
 * text is asked for, with a limit on how long nothing may move, and an ear for the control connection. */
#ifndef DRAY_PROTO_XFER_H
#define DRAY_PROTO_XFER_H

#include "io/io.h"
#include "obs/board.h"
#include "obs/pace.h"
#include "store/store.h"
#include "sys/digest.h"
#include "wire/ascii.h"

enum xfer_side { XFER_STREAM, XFER_FILE };

struct xfer {
    struct rt_task *task;
    struct io *data;
    struct seat *seat;       /* where the bytes are counted; may be NULL */
    struct pace pace;        /* how fast it may be; whoever began it ends it by pace_end */
    struct digest *digest;   /* what comes passes by here, too; NULL: nowhere */
    unsigned stall;          /* seconds without a byte; 0: no limit. Time that the pace takes does not count */
    int (*heard)(void *ctx); /* the stream that data hears is readable; <0 ends the transfer, 1: hear no more */
    void *ctx;
    int64_t bytes;           /* moved so far */
    enum xfer_side failed;   /* which side an error came from */
};

/* From `off` to `end`, which the file had when it was opened. -ENODATA (XFER_FILE): the file became shorter meanwhile. */
int xfer_send(struct xfer *, struct file *, int64_t off, int64_t end);
/* The same with LF as CRLF, from the beginning. */
int xfer_send_text(struct xfer *, struct file *);
/* To the end of the stream. Without a commit. */
int xfer_receive(struct xfer *, struct file *);
int xfer_receive_text(struct xfer *, struct file *);
/* So many bytes and not one more: what follows them on the stream is something else. -EPIPE (XFER_STREAM): it ended before. */
int xfer_receive_some(struct xfer *, struct file *, int64_t len);
/* What has come, at most len bytes, for who has to look at it first; 0 at the end of the stream. */
ssize_t xfer_read(struct xfer *, void *buf, size_t len);
/* All of buf. */
int xfer_write(struct xfer *, const void *buf, size_t len);

#endif
