/* ftp_hash: checksums of files and of ranges of them: HASH, OPTS HASH (draft-bryan-ftpext-hash), RANG (draft-bryan-ftp-range),
 * XCRC and its relatives (no standard; see wire/ftp_hash.h). Called by the dispatcher; holds the file and the digest of the
 * command that runs. What was noted with the file is told at once; all else is read in steps, between which others run and the
 * client is heard, and is noted when it was the whole file. A file that changes meanwhile is -ESTALE: 450. */
#include <errno.h>

#include "base/cleanup.h"
#include "proto/ftp/ftp.h"
#include "sys/digest.h"

/* A checksum under way. */
struct hashing {
    struct ftp *f;
    struct file *file;
    struct ftp_range left;
    struct digest digest;
    struct xfer progress; /* for STAT */
};

/* ---- computing ---- */

enum { STEP_HERE = 256 * 1024 }; /* of a file without a descriptor: a fraction of a millisecond of the loop */

static ssize_t hash_block(struct hashing *h, struct rt_task *task, void *block)
{
    int64_t len = h->left.to - h->left.from;
    int fd = file_fd(h->file);
    int64_t most = fd < 0 ? STEP_HERE : RT_BLOCK;
    size_t want = (size_t)(len < most ? len : most);
    ssize_t n = fd < 0 ? file_read(h->file, block, want, h->left.from) : rt_pread(task, fd, block, want, h->left.from);

    if (n > 0)
        digest_add(&h->digest, block, (size_t)n);
    return n ? n : -ESTALE;
}

static int hash_with(struct hashing *h, struct rt_task *task)
{
    void *block = rt_block_take();
    ssize_t n = block ? hash_block(h, task, block) : -ENOMEM;

    if (block)
        rt_block_give(block);
    return (int)n;
}

/* Elsewhere, where a read may simply block. */
static int hash_call(void *arg)
{
    struct rt_task there = rt_block_task((struct rt_stop){ -1, -1 });

    return hash_with(arg, &there);
}

/* A block of a MiB costs 0.2 ms of reading and 0.05 to 1.8 ms of computing: not on the loop. And a loop that does not compute
 * is a thread that mostly sleeps, which the kernel wakes before those that do. */
static int hash_some(struct hashing *h)
{
    struct rt_task *task = h->f->s->task;
    int n = file_fd(h->file) < 0 ? hash_with(h, task) : rt_call(task, hash_call, h);

    TRY(n);
    h->left.from += n;
    h->progress.bytes += n;
    seat_moved(h->f->s->seat, n);
    return ftp_turn(h->f);
}

static int hash_range(struct hashing *h, struct sums *out)
{
    TRY(ftp_hear(h->f));
    while (h->left.from < h->left.to)
        TRY(hash_some(h));
    digest_end(&h->digest, out);
    return 0;
}

static APART int compute(struct ftp *f, struct file *file, enum sum_id id, struct ftp_range range, struct sums *out)
{
    struct hashing h = { .f = f, .file = file, .left = range };
    int rc = digest_begin(&h.digest, SUM_BIT(id));

    TRY(rc == -EOPNOTSUPP ? fail_with(f, 504, -ENOSYS) : rc);
    seat_doing(f->s->seat, SEAT_HASHING, f->path, range.to - range.from, rt_now(f->s->task));
    f->moving = &h.progress;
    rc = hash_range(&h, out);
    f->moving = NULL;
    digest_drop(&h.digest);
    return rc;
}

/* A note that cannot be made costs the next one who asks some time, no more. */
static int note(struct file *file, const struct sums *sums)
{
    int rc = file_note(file, sums);

    if (rc == 0 || rc == -ESTALE || rc == -ECANCELED)
        return rc;
    return file_same(file);
}

static int sum_of(struct ftp *f, struct file *file, enum sum_id id, struct ftp_range range, struct sums *out)
{
    bool whole = range.from == 0 && range.to == file_size(file);

    if (whole && file_sums(file, out) == 0 && out->has & SUM_BIT(id))
        return 0;
    TRY(compute(f, file, id, range, out));
    return whole ? note(file, out) : file_same(file);
}

int hash_whole(struct ftp *f, struct file *file, struct sums *out)
{
    return sum_of(f, file, f->hash, (struct ftp_range){ 0, file_size(file) }, out);
}

/* ---- HASH ---- */

int verb_hash(struct ftp *f, struct span arg)
{
    CLEANUP(file_close) struct file *file = NULL;
    char hex[2 * SUM_MAX + 1];
    struct buf b = BUF(hex);
    struct ftp_range r = f->range;
    struct sums sums;
    char *path;

    TRY(ftp_path(f, arg, &path));
    TRY(store_open(&f->s->store, path, &file));
    if (r.to && r.from >= file_size(file))
        return -ERANGE;
    r = ftp_range_within(r, file_size(file));
    TRY(sum_of(f, file, f->hash, r, &sums));
    sum_print(&b, &sums, f->hash);
    return reply(f, 213, "%s %lld-%lld %s %s", sum_kinds[f->hash].name, (long long)r.from, (long long)(r.to - (r.to > r.from)),
                 buf_cstr(&b), show(f, arg));
}

int opts_hash(struct ftp *f, struct span arg)
{
    struct span name = span_trim(arg);
    enum sum_id id = name.len ? sum_find(name) : f->hash;

    if (id == SUMS)
        return reply(f, 501, "Unknown algorithm, current selection not changed; FEAT lists them.");
    f->hash = id;
    return reply(f, 200, "%s", sum_kinds[id].name);
}

void hash_feature(struct buf *b, enum sum_id chosen)
{
    buf_text(b, "HASH ");
    for (enum sum_id id = 0; id < SUMS; id++)
        buf_printf(b, "%s%s%s", id ? ";" : "", sum_kinds[id].name, id == chosen ? "*" : "");
}

/* ---- RANG ---- */

int verb_rang(struct ftp *f, struct span arg)
{
    struct ftp_range r;

    f->restart = 0;
    f->range = (struct ftp_range){ 0 };
    if (ftp_rang_parse(arg, &r) < 0)
        return reply(f, 501, "RANG wants the first byte and the last, counted from 0; RANG 1 0 asks for all.");
    f->range = r;
    if (!r.to)
        return reply(f, 350, "The next RETR or HASH is of the whole file.");
    return reply(f, 350, "The next RETR or HASH is of bytes %lld to %lld.", (long long)r.from, (long long)r.to - 1);
}

/* ---- XCRC and its relatives ---- */

static int open_path(struct ftp *f, struct span arg, struct file **out)
{
    char *path;

    TRY(ftp_path(f, arg, &path));
    return store_open(&f->s->store, path, out);
}

/* Numbers behind a name without quotes belong to the name when a file is called so. */
static int open_asked(struct ftp *f, struct span arg, struct ftp_sum_arg *asked, struct file **out)
{
    if (asked->unsure && open_path(f, arg, out) == 0) {
        asked->range = (struct ftp_range){ 0 };
        return 0;
    }
    return open_path(f, asked->path, out);
}

static int tell(struct ftp *f, struct span arg, enum sum_id id)
{
    CLEANUP(file_close) struct file *file = NULL;
    struct buf room = { .at = arena_take(&f->s->scratch, arg.len), .cap = arg.len };
    char hex[2 * SUM_MAX];
    struct buf b = BUF(hex);
    struct ftp_sum_arg asked;
    struct sums sums;

    if (!room.at)
        return -ENOMEM;
    if (ftp_sum_arg_parse(arg, &room, &asked) < 0)
        return reply(f, 501, "Say the path alone, or in quotes with the first byte and the one after the last: \"a b\" 0 100.");
    TRY(open_asked(f, arg, &asked, &file));
    if (asked.range.to > file_size(file))
        return fail_with(f, 550, -ERANGE);
    TRY(sum_of(f, file, id, ftp_range_within(asked.range, file_size(file)), &sums));
    sum_print_upper(&b, &sums, id);
    return reply_span(f, 250, buf_span(&b));
}

int verb_xcrc(struct ftp *f, struct span arg)
{
    return tell(f, arg, SUM_CRC32);
}

int verb_xmd5(struct ftp *f, struct span arg)
{
    return tell(f, arg, SUM_MD5);
}

int verb_xsha1(struct ftp *f, struct span arg)
{
    return tell(f, arg, SUM_SHA1);
}

int verb_xsha256(struct ftp *f, struct span arg)
{
    return tell(f, arg, SUM_SHA256);
}

int verb_xsha512(struct ftp *f, struct span arg)
{
    return tell(f, arg, SUM_SHA512);
}
