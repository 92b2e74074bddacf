/* xfer: moves file content to and from a data stream (see xfer.h). Called by the protocols; owns only the block of a text
 * download. Fails with -errno, and says in `failed` whether the stream or the file is to blame. Sizes of steps were measured:
 * sendfile of 1 MiB, writes of up to 1 MiB (256 KiB and more halve what 64 KiB cost). */
#include "proto/xfer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

enum { SEND_SMALL = 8 * 1024, SEND_STEP = 1 << 20, READ_STEP = 256 * 1024, READ_STEP_MIN = 16 * 1024 };

/* RECEIVE_TURN: a stream that is emptied before the next one has its turn opens its window wide, and its sender wakes us less
 * often. A command is heard at every block all the same. */
enum { RECEIVE_TURN = 4 << 20, TEXT_BLOCK = 32 * 1024 };

static int fail(struct xfer *x, enum xfer_side side, int rc)
{
    x->failed = side;
    return rc;
}

/* Something moved: the clock of the stall limit starts again. */
static void moved(struct xfer *x, int64_t n)
{
    x->bytes += n;
    pace_used(&x->pace, n);
    seat_moved(x->seat, n);
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

static int let_go(struct xfer *x)
{
    int rc;

    while ((rc = io_let_go(x->data)) == -EINTR)
        TRY(heard(x));
    return rc < 0 ? fail(x, XFER_STREAM, rc) : 0;
}

/* How much of it the limits of bandwidth let go now, after waiting until it is its turn; meanwhile a command is heard, and the
 * stall limit rests. */
static int allow(struct xfer *x, int64_t want, int64_t *most)
{
    int64_t when, step = want;

    if (x->pace.n) {
        step = pace_take(&x->pace, want, rt_now(x->task), &when);
        if (rt_now(x->task) < when)
            TRY(let_go(x));
        while (rt_now(x->task) < when) {
            int rc = rt_pause(x->task, io_hearing(x->data), when);

            TRY(rc == -EINTR ? heard(x) : rc);
        }
        moved(x, 0);
    }
    *most = step;
    return 0;
}

/* As much of a piece as goes at once; -EAGAIN: nothing does. */
static ssize_t send_piece(struct xfer *x, struct file *f, char *block, int64_t off, int64_t len)
{
    ssize_t n = file_read(f, block, (size_t)len, off);

    if (n <= 0)
        return fail(x, XFER_FILE, n < 0 ? (int)n : -ENODATA);
    n = io_write_now(x->data, block, (size_t)n);
    return n < 0 && n != -EAGAIN ? fail(x, XFER_STREAM, (int)n) : n;
}

/* The block is held for one piece only, never for the time that the peer takes. */
static ssize_t send_some(struct xfer *x, struct file *f, int64_t off, int64_t len)
{
    char *block = rt_block_take();
    ssize_t n = block ? send_piece(x, f, block, off, len) : fail(x, XFER_FILE, -ENOMEM);

    if (block)
        rt_block_give(block);
    return n;
}

static int await_room(struct xfer *x)
{
    int rc = io_await_room(x->data);

    if (rc == -EINTR)
        return heard(x);
    return rc < 0 ? fail(x, XFER_STREAM, rc) : 0;
}

/* What did not go is read again: no more is read than a client who takes little at a time may take next. */
static int64_t next_step(ssize_t went)
{
    return went < READ_STEP_MIN / 2 ? READ_STEP_MIN : went < READ_STEP / 2 ? 2 * went : READ_STEP;
}

/* Files that lie nowhere where sendfile could fetch them. */
static int send_by_reading(struct xfer *x, struct file *f, int64_t off, int64_t end)
{
    int64_t step = READ_STEP;

    while (off < end) {
        int64_t most;
        ssize_t n;

        TRY(allow(x, end - off < step ? end - off : step, &most));
        n = send_some(x, f, off, most);
        if (n == -EAGAIN) {
            TRY(await_room(x));
            continue;
        }
        TRY(n);
        off += n;
        step = next_step(n);
        moved(x, n);
        if (off < end)
            TRY(turn(x));
    }
    return 0;
}

static int send_by_sendfile(struct xfer *x, struct file *f, int64_t off, int64_t end)
{
    while (off < end) {
        int64_t step;
        ssize_t n;

        TRY(allow(x, end - off < SEND_STEP ? end - off : SEND_STEP, &step));
        n = io_sendfile(x->data, file_fd(f), &off, (size_t)step);
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

static int write_all(struct xfer *x, const void *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        size_t before = done;
        int64_t most;
        int rc;

        TRY(allow(x, (int64_t)(len - done), &most));
        rc = io_write(x->data, buf, done + (size_t)most, &done);

        moved(x, (int64_t)(done - before));
        if (rc == -EINTR)
            rc = heard(x);
        if (rc < 0)
            return fail(x, XFER_STREAM, rc);
    }
    return 0;
}

/* Two calls of the system instead of three, and one packet with what waits to be sent before it. */
static int send_small(struct xfer *x, struct file *f, int64_t off, size_t len)
{
    CLEANUP(free_text) char *all = malloc(len);
    size_t have = 0;

    if (!all)
        return fail(x, XFER_FILE, -ENOMEM);
    while (have < len) {
        ssize_t n = file_read(f, all + have, len - have, off + (int64_t)have);

        if (n <= 0)
            return fail(x, XFER_FILE, n < 0 ? (int)n : -ENODATA);
        have += (size_t)n;
    }
    return write_all(x, all, len);
}

int xfer_send(struct xfer *x, struct file *f, int64_t off, int64_t end)
{
    moved(x, 0);
    if (off < end && end - off <= SEND_SMALL)
        return send_small(x, f, off, (size_t)(end - off));
    return file_fd(f) < 0 ? send_by_reading(x, f, off, end) : send_by_sendfile(x, f, off, end);
}

int xfer_write(struct xfer *x, const void *buf, size_t len)
{
    TRY(write_all(x, buf, len));
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

/* Until there is something to read. The block is taken only then: a slow client must not hold a megabyte. */
static int await(struct xfer *x)
{
    for (;;) {
        int rc = io_await_input(x->data);

        if (rc != -EINTR)
            return rc < 0 ? fail(x, XFER_STREAM, rc) : 0;
        TRY(heard(x));
    }
}

static int put(struct xfer *x, struct file *f, const char *block, size_t len)
{
    int rc = len ? file_write(f, block, len) : 0;

    if (x->digest)
        digest_add(x->digest, block, len);
    return rc < 0 ? fail(x, XFER_FILE, rc) : 0;
}

/* Text is read into the upper half of the block and converted into the lower. */
enum { HALF = RT_BLOCK / 2 };

static int store_some(struct xfer *x, struct file *f, struct ascii *text, char *block, size_t n)
{
    if (text)
        return put(x, f, block, ascii_decode(text, block + HALF, n, block));
    return put(x, f, block, n);
}

/* What has come, as far as a block goes, so that the disk sees few large writes: 1, or 0 at the end of the stream. */
static int receive_block(struct xfer *x, struct file *f, struct ascii *text, char *block, size_t most)
{
    ssize_t n = io_read_now(x->data, text ? block + HALF : block, most);

    if (n == -EAGAIN)
        return 1;
    if (n < 0)
        return fail(x, XFER_STREAM, (int)n);
    moved(x, n);
    if (n > 0)
        TRY(store_some(x, f, text, block, (size_t)n));
    return n > 0;
}

static int receive_some(struct xfer *x, struct file *f, struct ascii *text, int64_t left)
{
    int64_t most = text ? HALF - 1 : RT_BLOCK;
    char *block;
    int rc;

    TRY(await(x));
    TRY(allow(x, left < most ? left : most, &most)); /* what is not read yet holds the sender back */
    block = rt_block_take();
    if (!block)
        return fail(x, XFER_FILE, -ENOMEM);
    rc = receive_block(x, f, text, block, (size_t)most);
    rt_block_give(block);
    return rc;
}

/* Until so many bytes have come in all: 1; or the stream has ended: 0. */
static int receive_until(struct xfer *x, struct file *f, struct ascii *text, int64_t end)
{
    int64_t since = x->bytes;

    moved(x, 0);
    while (x->bytes < end) {
        int rc = receive_some(x, f, text, end - x->bytes);

        if (rc <= 0)
            return rc;
        if (x->bytes - since < RECEIVE_TURN)
            continue;
        TRY(turn(x));
        since = x->bytes;
    }
    return 1;
}

static int receive(struct xfer *x, struct file *f, struct ascii *text)
{
    TRY(receive_until(x, f, text, INT64_MAX));
    /* a client that is killed ends all its connections at once: an end counts only while the control connection stands */
    return turn(x);
}

int xfer_receive(struct xfer *x, struct file *f)
{
    return receive(x, f, NULL);
}

int xfer_receive_some(struct xfer *x, struct file *f, int64_t len)
{
    int rc = receive_until(x, f, NULL, x->bytes + len);

    TRY(rc);
    return rc ? 0 : fail(x, XFER_STREAM, -EPIPE);
}

ssize_t xfer_read(struct xfer *x, void *buf, size_t len)
{
    ssize_t n = -EAGAIN;

    moved(x, 0);
    while (n == -EAGAIN) {
        int64_t most;

        TRY(await(x));
        TRY(allow(x, (int64_t)len, &most));
        n = io_read_now(x->data, buf, (size_t)most);
    }
    if (n < 0)
        return fail(x, XFER_STREAM, (int)n);
    moved(x, n);
    TRY(turn(x));
    return n;
}

int xfer_receive_text(struct xfer *x, struct file *f)
{
    struct ascii text = { 0 };
    char last;

    TRY(receive(x, f, &text));
    return put(x, f, &last, ascii_decode_end(&text, &last));
}
