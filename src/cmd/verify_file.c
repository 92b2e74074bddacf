/* verify_file: compares one file with the sums that are noted in its attribute, or notes some. Called by verify.c; holds the
 * open file and a digest for as long as it reads. A sum is noted for the shape that the file had before it was read, and only
 * when it has that shape afterwards: what is written to it meanwhile, or later, makes the note void. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/verify.h"
#include "rt/rt.h"
#include "sys/digest.h"
#include "sys/fs.h"
#include "wire/mark.h"

/* What tells that the content is still the one that a sum was made of. */
static int shape_of(int fd, struct mark *out)
{
    struct fs_stat st;

    TRY(fs_stat(fd, &st));
    *out = (struct mark){ .size = st.size, .mtime_ns = st.mtime_ns, .ino = st.ino, .gen = fs_generation(fd) };
    return 0;
}

static bool same_shape(const struct mark *a, const struct mark *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns && a->ino == b->ino && a->gen == b->gen;
}

/* Nothing that can be read counts as nothing noted. */
static APART struct mark mark_of(int fd)
{
    char text[MARK_MAX];
    ssize_t n = fs_get_mark(fd, text, sizeof text);
    struct mark m = { 0 };

    if (n >= 0)
        mark_parse((struct span){ text, (size_t)n }, &m);
    return m;
}

static APART int write_mark(int fd, const struct mark *m)
{
    char text[MARK_MAX];
    struct buf b = BUF(text);

    mark_print(&b, m);
    return b.over ? -ERANGE : fs_set_mark(fd, b.at, b.len);
}

/* ---- reading ---- */

struct reading {
    int fd;
    const struct verify_by *by;
    int64_t bytes;
};

static int read_all(struct reading *r, struct digest *d)
{
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });
    ssize_t n;

    while ((n = rt_pread(&task, r->fd, r->by->block, RT_BLOCK, r->bytes)) > 0) {
        digest_add(d, r->by->block, (size_t)n);
        r->bytes += n;
        r->by->moved(r->by->ctx, n);
    }
    return (int)n;
}

static int sums_of(struct reading *r, unsigned which, struct sums *out)
{
    struct digest d;
    int rc;

    TRY(digest_begin(&d, which));
    rc = read_all(r, &d);
    digest_end(&d, out);
    return rc;
}

/* ---- one file ---- */

static enum verdict compare(struct checked *c)
{
    for (enum sum_id id = 0; id < SUMS; id++) {
        if (!(c->before.has & SUM_BIT(id)) || sum_same(&c->before, &c->now, id))
            continue;
        c->differs = id;
        return VERIFY_BAD;
    }
    return VERIFY_GOOD;
}

static APART int check(struct reading *r, const struct mark *then, struct checked *c)
{
    struct mark after;

    TRY(sums_of(r, then->sums.has, &c->now));
    TRY(shape_of(r->fd, &after));
    c->verdict = same_shape(then, &after) ? compare(c) : VERIFY_CHANGED;
    return 0;
}

static APART int note(struct reading *r, struct mark *shape, unsigned which, struct checked *c)
{
    struct mark after;

    TRY(sums_of(r, which, &shape->sums));
    TRY(shape_of(r->fd, &after));
    if (!same_shape(shape, &after))
        return 0;
    c->error = write_mark(r->fd, shape);
    c->noted = c->error == 0;
    return 0;
}

static int judge(struct reading *r, unsigned which, struct checked *c)
{
    struct mark then = mark_of(r->fd), now;

    c->before = then.sums;
    TRY(shape_of(r->fd, &now));
    if (then.sums.has && same_shape(&then, &now))
        return check(r, &then, c);
    c->verdict = then.sums.has ? VERIFY_CHANGED : VERIFY_WITHOUT;
    memcpy(now.account, then.account, sizeof now.account);
    return which ? note(r, &now, which, c) : 0;
}

void verify_file(const struct tree_file *f, unsigned which, const struct verify_by *by, struct checked *out)
{
    CLEANUP(close_fd) int fd = fs_open_file(f->dir, f->name, false, FS_ANY);
    struct reading r = { .fd = fd, .by = by };
    int rc;

    *out = (struct checked){ 0 };
    rc = fd < 0 ? fd : judge(&r, which, out);
    out->bytes = r.bytes;
    if (rc < 0) {
        out->verdict = VERIFY_UNREADABLE;
        out->error = rc;
    }
}
