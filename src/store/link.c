/* link: see link.h. Called by the protocols; owns nothing. A link's file is named by the digest of its number and says when it ends, what
 * its maker wants to know again, whose it is and which folder is meant. What is over is removed when somebody makes or looks at links,
 * so that there are never more than LINKS_MAX of an account. Fails with what the storage says. */
#include "store/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/store_impl.h"
#include "sys/clock.h"
#include "sys/digest.h"
#include "sys/fs.h"
#include "wire/path.h"

#define FOLDER "/" STORE_OWN_PREFIX "links"

enum { FILE_PATH = sizeof FOLDER + LINK_TEXT + 1, FILE_MAX = PATH_CAP + MARK_ACCOUNT + LINK_STAMP + 40 };

struct call {
    struct store st; /* blocks */
    struct rt_task task;
    const char *folder;
    struct span name;
    struct link *out;
    int n;
};

static int run(const struct store *st, struct call *c, int (*fn)(void *))
{
    c->task = rt_block_task((struct rt_stop){ -1, -1 });
    c->st = *st;
    c->st.task = &c->task;
    return rt_call(st->task, fn, c);
}

void link_free(struct link *l)
{
    free(l->folder);
    l->folder = NULL;
}

void link_number(char out[LINK_TEXT + 1])
{
    snprintf(out, LINK_TEXT + 1, "%016llx%016llx", (unsigned long long)fs_random(), (unsigned long long)fs_random());
}

static bool is_text(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("0123456789abcdef", s.at[i]))
            return false;
    return s.len == LINK_TEXT;
}

/* Half of the digest: as long as the number. */
static int name_of(struct span number, char name[LINK_TEXT + 1])
{
    struct digest d = { 0 };
    struct sums sums = { 0 };
    struct buf b = { .at = name, .cap = LINK_TEXT + 1 };

    TRY(digest_begin(&d, SUM_BIT(SUM_SHA256)));
    digest_add(&d, number.at, number.len);
    digest_end(&d, &sums);
    for (int i = 0; i < LINK_TEXT / 2; i++)
        buf_number(&b, sums.of[SUM_SHA256][i], 16, 2, '0');
    buf_cstr(&b);
    return 0;
}

static const char *path_of(struct span name, char out[FILE_PATH])
{
    snprintf(out, FILE_PATH, FOLDER "/%.*s", SPAN_ARG(name));
    return out;
}

/* ---- the file: END STAMP, the account, the folder; what is left is the folder's name, whatever is in it ---- */

static int parse(struct span text, struct link *out)
{
    struct span first = span_cut(&text, '\n'), account = span_cut(&text, '\n'), end = span_cut(&first, ' ');
    uint64_t seconds;

    if (span_u64(end, INT64_MAX, &seconds) < 0 || first.len > LINK_STAMP || account.len > MARK_ACCOUNT || !span_starts(text, SPAN("/")))
        return -EBADMSG;
    out->end = (int64_t)seconds;
    snprintf(out->stamp, sizeof out->stamp, "%.*s", SPAN_ARG(first));
    snprintf(out->account, sizeof out->account, "%.*s", SPAN_ARG(account));
    out->folder = span_dup(text);
    return out->folder ? 0 : -ENOMEM;
}

static int read_link(const struct store *st, struct span name, struct link *out)
{
    CLEANUP(file_close) struct file *f = NULL;
    CLEANUP(free_text) char *text = malloc(FILE_MAX);
    char path[FILE_PATH];
    ssize_t n;

    if (!text)
        return -ENOMEM;
    TRY(st->storage->ops->open(st, path_of(name, path), &f));
    n = f->ops->read(f, text, FILE_MAX, 0);
    TRY(n);
    *out = (struct link){ 0 };
    TRY(parse((struct span){ text, (size_t)n }, out));
    snprintf(out->name, sizeof out->name, "%.*s", SPAN_ARG(name));
    return 0;
}

static int write_link(const struct store *st, const struct link *l, const char *folder)
{
    CLEANUP(file_close) struct file *f = NULL;
    CLEANUP(free_text) char *text = malloc(FILE_MAX);
    char path[FILE_PATH];
    struct buf b = { .at = text, .cap = FILE_MAX };

    if (!text)
        return -ENOMEM;
    buf_printf(&b, "%lld %s\n%s\n", (long long)l->end, l->stamp, l->account);
    buf_text(&b, folder);
    if (b.over)
        return -ENAMETOOLONG;
    TRY(st->storage->ops->create(st, path_of(span_of(l->name), path), &f));
    TRY(f->ops->write(f, b.at, b.len));
    return f->ops->commit(f, false);
}

static void remove_link(const struct store *st, struct span name)
{
    char path[FILE_PATH];
    int64_t size;

    st->storage->ops->drop(st, path_of(name, path), &size);
    st->storage->ops->change(st, &(struct store_change){ .verb = STORE_RMDIR, .path = FOLDER }); /* when it is empty */
}

/* ---- all of them ---- */

/* One that is over, or is none, goes; of the others those of this account are kept, and counted. */
static int look_at(struct call *c, struct span name)
{
    struct link l = { 0 };
    int rc = is_text(name) ? read_link(&c->st, name, &l) : -EBADMSG;

    if (rc == -EBADMSG || (rc == 0 && l.end <= clock_wall()))
        remove_link(&c->st, name);
    else if (rc == 0 && c->n < LINKS_MAX && strcmp(l.account, c->st.account) == 0) {
        c->out[c->n++] = l;
        return 0;
    }
    link_free(&l);
    return rc == -EBADMSG || rc == -ENOENT ? 0 : rc;
}

static int list_call(void *arg)
{
    struct call *c = arg;
    CLEANUP(dir_close) struct dir *dir = NULL;
    const struct dir_entry *e;
    int rc = c->st.storage->ops->list(&c->st, FOLDER, false, &dir);

    if (rc < 0)
        return rc == -ENOENT ? 0 : rc;
    while ((rc = dir->ops->next(dir, &e)) > 0)
        TRY(look_at(c, e->name));
    return rc == -ENOENT ? 0 : rc; /* the last was over, and the folder went with it */
}

int link_list(const struct store *st, struct link *all)
{
    struct call c = { .out = all };
    int rc = run(st, &c, list_call);

    for (int i = 0; rc < 0 && i < c.n; i++)
        link_free(&all[i]);
    return rc < 0 ? rc : c.n;
}

/* ---- one ---- */

/* Whoever removes the last link takes the folder with it, also between these two steps. */
static int make_call(void *arg)
{
    struct call *c = arg;
    int rc = -ENOENT;

    for (int i = 0; i < 3 && rc == -ENOENT; i++) {
        rc = c->st.storage->ops->change(&c->st, &(struct store_change){ .verb = STORE_MKDIR, .path = FOLDER });
        TRY(rc == -EEXIST ? 0 : rc);
        rc = write_link(&c->st, c->out, c->folder);
    }
    return rc;
}

static int count(const struct store *st)
{
    struct link *all = calloc(LINKS_MAX, sizeof *all);
    int n = all ? link_list(st, all) : -ENOMEM;

    for (int i = 0; i < n; i++)
        link_free(&all[i]);
    free(all);
    return n;
}

int link_make(const struct store *st, const char *number, const char *stamp, const char *folder, int64_t end, struct link *out)
{
    struct call c = { .folder = folder, .out = out };
    int n = count(st);

    TRY(n);
    if (n >= LINKS_MAX)
        return -EDQUOT;
    *out = (struct link){ .end = end };
    TRY(name_of(span_of(number), out->name));
    snprintf(out->account, sizeof out->account, "%s", st->account);
    snprintf(out->stamp, sizeof out->stamp, "%s", stamp);
    return run(st, &c, make_call);
}

static int find_call(void *arg)
{
    struct call *c = arg;

    return read_link(&c->st, c->name, c->out);
}

int link_find(const struct store *st, struct span number, struct link *out)
{
    char name[LINK_TEXT + 1];
    struct call c = { .out = out };

    if (!is_text(number))
        return -ENOENT;
    TRY(name_of(number, name));
    c.name = span_of(name);
    TRY(run(st, &c, find_call));
    if (out->end > clock_wall())
        return 0;
    link_free(out);
    return -ENOENT;
}

static int drop_call(void *arg)
{
    struct call *c = arg;
    struct link l;
    bool own;

    TRY(read_link(&c->st, c->name, &l));
    own = strcmp(l.account, c->st.account) == 0;
    if (own)
        remove_link(&c->st, c->name);
    link_free(&l);
    return own ? 0 : -ENOENT;
}

int link_drop(const struct store *st, struct span name)
{
    struct call c = { .name = name };

    return is_text(name) ? run(st, &c, drop_call) : -ENOENT;
}
