/* xfer: moves file content to and from a data stream (see xfer.h). Called by the protocols; owns only the block of one
 * transfer. Fails with -errno, and says in `failed` whether the stream or the file is to blame. Sizes of steps were measured:
 * sendfile of 1 MiB, writes of 256 KiB and more halve what 64 KiB cost. */
#include "proto/xfer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

enum { SEND_STEP = 1 << 20, BLOCK = 256 * 1024, TEXT_BLOCK = 32 * 1024 };

static int fail(struct xfer *x, enum xfer_side side, int rc)
{
    x->failed = side;
    return rc;
}

/* Something moved: the clock of the stall limit starts again. */
static void moved(struct xfer *x, int64_t n)
{
    x->bytes += n;
    io_deadline(x->data, rt_after(x->task, x->stall));
}

static int heard(struct xfer *x)
{
    int rc = x->heard(x->ctx);

    if (rc > 0)
        io_hear(x->data, NULL);
    return rc < 0 ? rc : 0;
}

/* Between two steps: others run, and an ABOR is heard even when the line never makes us wait. */
static int turn(struct xfer *x)
{
    int rc = rt_turn(x->task, io_hearing(x->data));

    return rc == -EINTR ? heard(x) : rc;
}

int xfer_send(struct xfer *x, struct file *f, int64_t off)
{
    int64_t end = file_size(f);

    moved(x, 0);
    while (off < end) {
        int64_t step = end - off < SEND_STEP ? end - off : SEND_STEP;
        ssize_t n = io_sendfile(x->data, file_fd(f), &off, (size_t)step);

        if (n == -EINTR) {
            TRY(heard(x));
            continue;
        }
        if (n <= 0)
            return n == 0 ? fail(x, XFER_FILE, -ENODATA) : fail(x, n == -EIO ? XFER_FILE : XFER_STREAM, (int)n);
        moved(x, n);
        if (off < end)
            TRY(turn(x));
    }
    return 0;
}

int xfer_write(struct xfer *x, const void *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        size_t before = done;
        int rc = io_write(x->data, buf, len, &done);

        moved(x, (int64_t)(done - before));
        if (rc == -EINTR)
            rc = heard(x);
        if (rc < 0)
            return fail(x, XFER_STREAM, rc);
    }
    return turn(x);
}

static int send_text(struct xfer *x, struct file *f, char *block)
{
    struct ascii st = { 0 };
    int64_t off = 0, end = file_size(f);

    while (off < end) {
        int64_t step = end - off < TEXT_BLOCK ? end - off : TEXT_BLOCK;
        ssize_t n = file_read(f, block, (size_t)step, off);

        if (n <= 0)
            return fail(x, XFER_FILE, n < 0 ? (int)n : -ENODATA);
        off += n;
        TRY(xfer_write(x, block + TEXT_BLOCK, ascii_encode(&st, block, (size_t)n, block + TEXT_BLOCK)));
    }
    return 0;
}

int xfer_send_text(struct xfer *x, struct file *f)
{
    CLEANUP(free_text) char *block = malloc(3 * TEXT_BLOCK); /* one to read into, two to convert into */

    moved(x, 0);
    return block ? send_text(x, f, block) : fail(x, XFER_FILE, -ENOMEM);
}

/* At least one byte, or 0 at the end of the stream. */
static ssize_t read_some(struct xfer *x, char *block, size_t len)
{
    for (;;) {
        ssize_t n = io_read(x->data, block, len);

        if (n >= 0) {
            moved(x, n);
            return n;
        }
        if (n != -EINTR)
            return fail(x, XFER_STREAM, (int)n);
        TRY(heard(x));
    }
}

/* As much as fits, so that the disk sees few large writes. */
static ssize_t read_block(struct xfer *x, char *block, size_t len)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = read_some(x, block + got, len - got);

        TRY(n);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static int put(struct xfer *x, struct file *f, const char *block, size_t len)
{
    int rc = len ? file_write(f, block, len) : 0;

    if (rc < 0)
        return fail(x, XFER_FILE, rc);
    return turn(x);
}

int xfer_receive(struct xfer *x, struct file *f)
{
    CLEANUP(free_text) char *block = malloc(BLOCK);

    if (!block)
        return fail(x, XFER_FILE, -ENOMEM);
    moved(x, 0);
    for (;;) {
        ssize_t n = read_block(x, block, BLOCK);

        TRY(n);
        if (n == 0)
            return 0;
        TRY(put(x, f, block, (size_t)n));
    }
}

static int receive_text(struct xfer *x, struct file *f, char *in, char *out)
{
    struct ascii st = { 0 };

    for (;;) {
        ssize_t n = read_block(x, in, BLOCK);

        TRY(n);
        if (n == 0)
            return put(x, f, out, ascii_decode_end(&st, out));
        TRY(put(x, f, out, ascii_decode(&st, in, (size_t)n, out)));
    }
}

int xfer_receive_text(struct xfer *x, struct file *f)
{
    CLEANUP(free_text) char *block = malloc(2 * BLOCK + 1);

    moved(x, 0);
    return block ? receive_text(x, f, block, block + BLOCK) : fail(x, XFER_FILE, -ENOMEM);
}
