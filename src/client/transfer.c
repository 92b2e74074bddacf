/* transfer: downloads and uploads of the menu. Called by its get and put; owns, while it runs, the data connection,
 * the temporary file and one buffer. The result is judged by three witnesses: the data's end, the server's final
 * reply, and the size where the server tells it; they must agree. Failures of this computer and of the server are
 * told apart (`here`), because ENOSPC and ENOENT exist on both sides. RFC 959 section 5.4, RFC 3659 section 4. */
#include "client/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/progress.h"
#include "sys/local.h"
#include "wire/text.h"

enum { BLOCK = 256 << 10 };

struct transfer {
    struct client *cl;
    struct span name; /* as the person gave it */
    char leaf[256];
    int64_t size; /* what it must come to; -1 unknown */
    int64_t moved;
    int here;      /* the error of this computer, 0 if it was none */
    bool mismatch; /* the witnesses disagree */
    struct io *data;
    struct local_part part; /* get */
    int file;               /* put */
    char *block;
    struct progress bar;
};

static void transfer_end(struct transfer *t)
{
    io_abort(&t->data);
    local_part_drop(&t->part);
    close_fd(&t->file);
    free_text(&t->block);
}

int transfer_leaf(struct span path, char leaf[256])
{
    struct span name = span_from(path, (size_t)(span_rfind(path, '/') + 1));

    if (!name.len || name.len > 255 || span_eq(name, SPAN(".")) || span_eq(name, SPAN("..")) || text_has_control(name))
        return -EINVAL;
    memcpy(leaf, name.at, name.len);
    leaf[name.len] = '\0';
    return 0;
}

/* Marks a failure as one of this computer. */
static int here(struct transfer *t, int rc)
{
    if (rc < 0)
        t->here = rc;
    return rc;
}

static int moved(struct transfer *t, int64_t n)
{
    t->moved += n;
    progress_move(&t->bar, t->moved, rt_now(&t->cl->task));
    return client_check(t->cl);
}

static void start_bar(struct transfer *t)
{
    t->bar = progress_begin(&t->cl->ui, t->name, t->size, rt_now(&t->cl->task));
}

static int disagree(struct transfer *t)
{
    t->mismatch = true;
    return -EPIPE;
}

/* After steps that ended with rc: the session back in step, the bar off the screen, the story told. */
static enum outcome conclude(struct transfer *t, const char *doing, int rc)
{
    struct shown name;
    char text[700];
    struct buf b = BUF(text);

    progress_clear(&t->bar);
    if (rc < 0)
        rc = client_give_up(t->cl, &t->data, rc);
    if (t->here)
        return client_failed_here(t->cl, t->name, t->here);
    if (t->mismatch && !ftpc_lost(t->cl->ftp)) {
        ui_fail(&t->cl->ui, "%s %s: not whole: %lld bytes arrived, %lld were announced", doing, shown(&name, t->name),
                (long long)t->moved, (long long)t->size);
        return OUT_INCOMPLETE;
    }
    if (rc < 0)
        return client_failed(t->cl, doing, t->name, rc);
    t->bar.done = t->moved;
    progress_summary(&b, &t->bar, rt_now(&t->cl->task));
    ui_say(&t->cl->ui, "%s", buf_cstr(&b));
    return OUT_DONE;
}

/* ---- get ---- */

static int write_block(struct transfer *t, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = rt_pwrite(&t->cl->task, t->part.fd, t->block + done, len - done, t->moved + (int64_t)done, true);

        if (n <= 0)
            return here(t, n < 0 ? (int)n : -EIO);
        done += (size_t)n;
    }
    return 0;
}

/* Stops as soon as there is more than announced: it might never end. */
static int copy_in(struct transfer *t)
{
    for (;;) {
        ssize_t n = ftpc_read(t->cl->ftp, t->data, t->block, BLOCK);

        if (n <= 0)
            return (int)n;
        TRY(write_block(t, (size_t)n));
        TRY(moved(t, n));
        if (t->size >= 0 && t->moved > t->size)
            return disagree(t);
    }
}

static int get_steps(struct transfer *t, bool replace)
{
    struct client *cl = t->cl;

    TRY(ftpc_size(cl->ftp, t->name, &t->size));
    TRY(ftpc_begin(cl->ftp, "RETR", t->name, &t->data));
    client_note(cl);
    if (t->size < 0)
        t->size = ftpc_announced(cl->ftp);
    TRY(here(t, local_part_open(t->leaf, &t->part)));
    start_bar(t);
    TRY(copy_in(t));
    io_close(&t->data);
    TRY(ftpc_end(cl->ftp));
    if (t->size >= 0 && t->moved != t->size)
        return disagree(t);
    TRY(here(t, local_part_keep(&t->part, t->leaf, replace)));
    progress_clear(&t->bar);
    client_note(cl);
    return 0;
}

enum outcome transfer_get(struct client *cl, struct span name, bool replace)
{
    CLEANUP(transfer_end) struct transfer t = { .cl = cl, .name = name, .size = -1, .part = LOCAL_NO_PART, .file = -1 };
    struct shown safe;

    if (transfer_leaf(name, t.leaf) < 0)
        return client_failed(cl, "get", name, -EINVAL);
    if (!replace && local_exists(t.leaf)) {
        ui_fail(&cl->ui, "get %s: there is a file of this name here (--force replaces it)", shown(&safe, name));
        return OUT_LOCAL;
    }
    t.block = malloc(BLOCK);
    if (!t.block)
        return client_failed_here(cl, name, -ENOMEM);
    return conclude(&t, "get", get_steps(&t, replace));
}

/* ---- put ---- */

static int copy_out(struct transfer *t)
{
    int64_t off = 0;

    while (off < t->size) {
        int64_t left = t->size - off;
        ssize_t n = ftpc_sendfile(t->cl->ftp, t->data, t->file, &off, left < BLOCK ? (size_t)left : BLOCK);

        /* 0: the file became shorter while it was read; what the server has is not to become a file */
        if (n == 0 || n == -EIO)
            return here(t, n ? -EIO : -ESTALE);
        TRY(n);
        TRY(moved(t, n));
    }
    return 0;
}

static int put_steps(struct transfer *t)
{
    struct client *cl = t->cl;
    struct span leaf = span_of(t->leaf);
    int64_t stored;

    TRY(ftpc_begin(cl->ftp, "STOR", leaf, &t->data));
    client_note(cl);
    start_bar(t);
    TRY(copy_out(t));
    TRY(ftpc_close_sent(cl->ftp, &t->data));
    TRY(ftpc_end(cl->ftp));
    progress_clear(&t->bar);
    client_note(cl);
    TRY(ftpc_size(cl->ftp, leaf, &stored));
    if (stored >= 0 && stored != t->size) {
        t->moved = stored;
        return disagree(t);
    }
    return 0;
}

enum outcome transfer_put(struct client *cl, const char *path)
{
    CLEANUP(transfer_end) struct transfer t = { .cl = cl, .name = span_of(path), .part = LOCAL_NO_PART, .file = -1 };
    int rc = local_open(path, &t.file, &t.size);

    if (rc < 0)
        return client_failed_here(cl, t.name, rc);
    if (transfer_leaf(t.name, t.leaf) < 0)
        return client_failed(cl, "put", t.name, -EINVAL);
    return conclude(&t, "put", put_steps(&t));
}
