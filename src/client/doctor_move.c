/* doctor_move: the checks of how files travel: up and down and how fast, from the middle, and broken off. Called by doctor.c; owns the
 * data connection and a block while it moves something. RFC 959 section 4.1.3, RFC 3659 section 5 (REST). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/doctor_impl.h"
#include "client/ui.h"

enum { PIECE = 256 << 10 };

static void print_speed(struct buf *b, int64_t bytes, int64_t ns)
{
    ui_size(b, bytes);
    buf_text(b, _(" in "));
    buf_printf(b, "%.2f s (", (double)ns / 1e9);
    ui_size(b, ns > 0 ? (int64_t)((double)bytes * 1e9 / (double)ns) : 0);
    buf_text(b, "/s)");
}

/* ---- up ---- */

/* Bytes that no compression on the way makes less of. */
static void fill(char *block, size_t len)
{
    uint64_t r = 0x9e3779b97f4a7c15;

    for (size_t i = 0; i < len; i++) {
        r ^= r << 13, r ^= r >> 7, r ^= r << 17;
        block[i] = (char)(r >> 24);
    }
}

static int send_bytes(struct exam *x, struct span path, size_t bytes, struct io **data)
{
    int64_t until;
    char *block = rt_block_take();
    int rc = block ? ftpc_begin(x->ftp, "STOR", path, data) : -ENOMEM;

    if (rc == 0)
        io_hear(*data, NULL); /* one deadline is enough here */
    until = rt_after(&x->task, DOCTOR_SECONDS);
    for (size_t sent = 0; rc == 0 && sent < bytes;) {
        size_t n = bytes - sent < RT_BLOCK ? bytes - sent : RT_BLOCK, done = 0;

        fill(block, n);
        io_deadline(*data, until);
        rc = io_write(*data, block, n, &done);
        rc = rc < 0 ? ftpc_data_failed(rc) : 0;
        sent += n;
    }
    if (block)
        rt_block_give(block);
    return rc;
}

static int upload(struct exam *x, struct span path, struct io **data)
{
    TRY(send_bytes(x, path, DOCTOR_BYTES, data));
    TRY(ftpc_close_sent(x->ftp, data));
    return ftpc_end(x->ftp);
}

void check_upload(struct exam *x)
{
    CLEANUP(io_abort) struct io *data = NULL;
    char text[100];
    struct buf b = BUF(text);
    int64_t began = rt_now(&x->task);
    int rc = upload(x, exam_path(x, "file"), &data);

    if (rc == -ECANCELED)
        return;
    if (rc < 0) {
        rc = ftpc_give_up(x->ftp, &data, rc);
        exam_failed(x, VERDICT_BAD, NULL, "put", rc);
        return;
    }
    print_speed(&b, DOCTOR_BYTES, rt_now(&x->task) - began);
    strcpy(x->sample, x->path);
    x->size = DOCTOR_BYTES;
    x->mtime = INT64_MIN;
    exam_found(x, VERDICT_OK, NULL, "%s", buf_cstr(&b));
}

/* ---- down ---- */

static int64_t tail_start(const struct exam *x)
{
    return x->size - (x->size / 2 < DOCTOR_TAIL ? x->size / 2 : DOCTOR_TAIL);
}

/* Keeps what lies behind the place from which the second download will begin. */
static void keep_tail(struct exam *x, const char *at, int64_t from, int64_t n)
{
    int64_t start = tail_start(x), skip = start > from ? start - from : 0;

    if (skip < n && x->tail_len + (size_t)(n - skip) <= sizeof x->tail) {
        memcpy(x->tail + x->tail_len, at + skip, (size_t)(n - skip));
        x->tail_len += (size_t)(n - skip);
    }
}

static int read_all(struct exam *x, struct io *data, char *block, struct digest *d)
{
    int64_t until = rt_after(&x->task, DOCTOR_SECONDS);

    for (x->got = x->tail_len = 0;;) {
        ssize_t n = rt_now(&x->task) < until ? ftpc_read(x->ftp, data, block, RT_BLOCK) : -EPIPE;

        if (n <= 0)
            return (int)n;
        digest_add(d, block, (size_t)n);
        keep_tail(x, block, x->got, n);
        x->got += n;
        if (x->got > DOCTOR_MOST)
            return -EPIPE;
        TRY(rt_turn(&x->task, -1));
    }
}

static int download(struct exam *x, struct io **data)
{
    struct digest d = { 0 };
    char *block = rt_block_take();
    int rc = block ? ftpc_begin(x->ftp, "RETR", span_of(x->sample), data) : -ENOMEM;

    for (unsigned id = 0; id < SUMS; id++)
        if (ftpc_sums(x->ftp) & SUM_BIT(id))
            x->sum = (enum sum_id)id;
    if (x->sum != SUMS && digest_begin(&d, SUM_BIT(x->sum)) < 0)
        x->sum = SUMS;
    if (rc == 0)
        rc = read_all(x, *data, block, &d);
    digest_end(&d, &x->sums);
    if (block)
        rt_block_give(block);
    TRY(rc);
    io_close(data);
    return ftpc_end(x->ftp);
}

void check_download(struct exam *x)
{
    CLEANUP(io_abort) struct io *data = NULL;
    char text[100];
    struct buf b = BUF(text);
    int64_t began = rt_now(&x->task);
    int rc = download(x, &data);

    if (rc == -ECANCELED)
        return;
    if (rc < 0) {
        rc = ftpc_give_up(x->ftp, &data, rc);
        exam_failed(x, VERDICT_BAD, NULL, "get", rc);
        x->got = -1;
        return;
    }
    print_speed(&b, x->got, rt_now(&x->task) - began);
    if (x->got != x->size)
        exam_found(x, VERDICT_BAD, _("a listing has to tell the bytes of TYPE I; or the file changes just now"),
                   _("the listing says %lld bytes, and %lld came"), (long long)x->size, (long long)x->got);
    else
        exam_found(x, VERDICT_OK, NULL, "%s", buf_cstr(&b));
}

/* ---- from the middle ---- */

/* 1: what came is what the whole file has there. */
static int read_tail(struct exam *x, struct io **data)
{
    int64_t until = rt_after(&x->task, DOCTOR_SECONDS);
    char block[1024];
    size_t got = 0;
    bool same = true;

    TRY(ftpc_begin(x->ftp, "RETR", span_of(x->sample), data));
    for (;;) {
        ssize_t n = rt_now(&x->task) < until ? ftpc_read(x->ftp, *data, block, sizeof block) : -EPIPE;

        TRY(n);
        if (n == 0)
            break;
        same &= got + (size_t)n <= x->tail_len && memcmp(x->tail + got, block, (size_t)n) == 0;
        got += (size_t)n;
        if (got > (size_t)DOCTOR_MOST)
            return -EPIPE;
    }
    io_close(data);
    TRY(ftpc_end(x->ftp));
    return same && got == x->tail_len;
}

void check_resume(struct exam *x)
{
    CLEANUP(io_abort) struct io *data = NULL;
    int rc;

    if (x->got < 0 || x->got != x->size || !x->tail_len) {
        exam_found(x, VERDICT_SKIPPED, NULL, _("the file could not be read whole"));
        return;
    }
    rc = ftpc_restart(x->ftp, tail_start(x));
    if (rc == -EACCES) {
        exam_found(x, VERDICT_WARN, _("allow REST (ProFTPD: AllowRetrieveRestart on)"),
                   _("REST is refused: what breaks off begins at the beginning"));
        return;
    }
    if (rc == 0)
        rc = read_tail(x, &data);
    if (rc == -ECANCELED)
        return;
    if (rc < 0) {
        rc = ftpc_give_up(x->ftp, &data, rc);
        exam_failed(x, VERDICT_BAD, _("downloads have to go on from where they stopped"), "REST, RETR", rc);
    } else if (rc == 0)
        exam_found(x, VERDICT_BAD, _("this server spoils files that are continued: switch REST off, or take another one"),
                   _("REST %lld is confirmed, but what comes is not what the file has there"), (long long)tail_start(x));
    else
        exam_found(x, VERDICT_OK, NULL, _("a download that begins at byte %lld brings what is there"), (long long)tail_start(x));
}

/* ---- broken off ---- */

#define WHOLE_FIX _("uploads should appear when they are whole (ProFTPD: HiddenStores on; vsftpd: delete_failed_uploads=YES; dray always " \
                    "does so); this client uses temporary names where it has to")

void check_broken(struct exam *x)
{
    CLEANUP(io_abort) struct io *data = NULL;
    struct ftpc_facts facts = { 0 };
    int rc = send_bytes(x, exam_path(x, "broken"), PIECE, &data);

    if (rc == 0) /* by ABOR, and a reset */
        rc = ftpc_give_up(x->ftp, &data, -EACCES) == -ENOTCONN ? -ENOTCONN : ftpc_facts(x->ftp, exam_path(x, "broken"), &facts);
    else
        rc = ftpc_give_up(x->ftp, &data, rc);
    if (rc == 0)
        ftpc_delete(x->ftp, exam_path(x, "broken"));
    if (rc == 0 && !facts.partial)
        exam_found(x, VERDICT_WARN, WHOLE_FIX, _("an upload that breaks off leaves a piece under its name"));
    else if (rc == 0)
        exam_found(x, VERDICT_OK, NULL, _("an upload that breaks off is kept aside, to be continued"));
    else if (rc == -ENOENT || rc == -EACCES)
        exam_found(x, VERDICT_OK, NULL, _("an upload that breaks off leaves nothing under its name"));
    else if (rc != -ECANCELED)
        exam_failed(x, VERDICT_WARN, _("ABOR should end the transfer, not the session (vsftpd: async_abor_enable=YES)"), "ABOR", rc);
}

/* ---- nothing ---- */

void check_idle(struct exam *x)
{
    int code = ftpc_ask(x->ftp, "NOOP", (struct span){ 0 });

    if (code == -ECANCELED)
        return;
    if (code < 0)
        exam_failed(x, VERDICT_BAD, NULL, "NOOP", code);
    else if (code / 100 == 2)
        exam_found(x, VERDICT_OK, NULL, _("NOOP is answered: a session can be kept alive"));
    else
        exam_found(x, VERDICT_WARN, _("allow NOOP: clients keep sessions alive by it"), _("NOOP is answered by %d"), code);
}
