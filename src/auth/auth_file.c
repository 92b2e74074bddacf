/* auth_file: the accounts file while the server runs (see auth_impl.h). Whoever checks a password looks first whether the file is
 * still the one that was read: a change counts from the next login on, in every process and thread, without anybody being told.
 * A file that is not in order changes nothing, and the first who finds it so logs it. One that is gone has no accounts.
 *
 * Reading and parsing is done without the lock; behind it are a few copies. Owns the folder's descriptor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_impl.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "sys/fs.h"
#include "sys/proc.h"

static bool same(const struct edit_stamp *a, const struct edit_stamp *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime == b->mtime && a->ctime == b->ctime;
}

/* Whoever died with the lock may have left half a text: the file is read anew. */
void auth_file_take(struct auth_file *f)
{
    if (lock_take(&f->shared->lock))
        f->shared->seen.ctime = -1;
}

void auth_file_give(struct auth_file *f)
{
    lock_give(&f->shared->lock);
}

struct fresh {
    char *text;
    ssize_t len;
    struct edit_stamp stamp;
    struct accounts *all;
    struct accounts_fault fault;
    int rc;
};

static void fresh_end(struct fresh *n)
{
    free(n->text);
    accounts_free(&n->all);
}

/* A file that is not there is an empty one. */
static void read_fresh(const struct auth_file *f, struct fresh *n)
{
    edit_look(f->dir, f->name, &n->stamp); /* should it not even open */
    n->len = edit_read(f->dir, f->name, &n->text, &n->stamp);
    if (n->len == -ENOENT)
        n->len = 0;
    n->rc = n->len < 0 ? (int)n->len : accounts_parse((struct span){ n->text, (size_t)n->len }, &n->all, &n->fault);
}

static void fault_print(struct buf *b, const struct fresh *n)
{
    if (n->rc != -EBADMSG)
        buf_text(b, n->rc == -EPERM ? "it belongs to another user, or others may write it (chmod 600)" : err_text(n->rc));
    else if (n->fault.line)
        buf_printf(b, "line %u: %s", n->fault.line, n->fault.why);
    else
        buf_text(b, n->fault.why);
}

/* Under the lock. The accounts that were there before go to n, to be given up behind it. */
static void install(struct auth_file *f, struct fresh *n)
{
    struct accounts *before = f->now;

    if (n->len)
        memcpy(f->shared->text, n->text, (size_t)n->len);
    f->shared->len = (size_t)n->len;
    f->version = ++f->shared->version;
    f->now = n->all;
    n->all = before;
}

static void tell(const struct auth_file *f, const struct fresh *n, unsigned count)
{
    char why[200];
    struct buf b = BUF(why);

    if (n->rc == 0 && !n->stamp.ino) {
        LOG(f->log, "accounts-gone", LOG_TEXT("file", span_of(f->path)));
    } else if (n->rc == 0) {
        LOG(f->log, "accounts-read", LOG_TEXT("file", span_of(f->path)), LOG_NUMBER("accounts", count));
    } else {
        fault_print(&b, n);
        LOG(f->log, "accounts-unchanged", LOG_TEXT("file", span_of(f->path)), LOG_TEXT("why", buf_span(&b)));
    }
}

/* -EAGAIN, -ENOMEM, -EMFILE: not the file's fault, so whoever comes next tries again. */
static bool is_passing(int rc)
{
    return rc == -EAGAIN || rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE;
}

static void read_again(struct auth_file *f)
{
    struct fresh n = { 0 };
    unsigned count;
    bool first;

    read_fresh(f, &n);
    auth_file_take(f);
    first = !same(&n.stamp, &f->shared->seen) && !is_passing(n.rc);
    if (first)
        f->shared->seen = n.stamp;
    if (first && n.rc == 0)
        install(f, &n);
    count = f->now->n;
    auth_file_give(f);
    if (first)
        tell(f, &n, count);
    fresh_end(&n);
}

/* Another process has read a newer one. */
static void follow(struct auth_file *f)
{
    struct fresh n = { 0 };
    uint64_t version;

    auth_file_take(f);
    version = f->shared->version;
    n.len = (ssize_t)f->shared->len;
    n.text = malloc(f->shared->len + 1);
    if (n.text)
        memcpy(n.text, f->shared->text, f->shared->len);
    auth_file_give(f);
    if (n.text && accounts_parse((struct span){ n.text, (size_t)n.len }, &n.all, &n.fault) == 0) {
        auth_file_take(f);
        if (version > f->version) {
            struct accounts *before = f->now;

            f->now = n.all;
            f->version = version;
            n.all = before;
        }
        auth_file_give(f);
    }
    fresh_end(&n);
}

bool auth_file_is_current(struct auth_file *f)
{
    struct edit_stamp stamp;
    int rc = edit_look_now(f->dir, f->name, &stamp);
    bool current;

    if (rc < 0 && rc != -ENOENT)
        return false;
    auth_file_take(f);
    current = same(&stamp, &f->shared->seen) && f->version == f->shared->version;
    auth_file_give(f);
    return current;
}

void auth_file_refresh(struct auth_file *f)
{
    struct edit_stamp stamp;
    bool changed, behind;

    edit_look(f->dir, f->name, &stamp);
    auth_file_take(f);
    changed = !same(&stamp, &f->shared->seen);
    auth_file_give(f);
    if (changed)
        read_again(f);
    auth_file_take(f);
    behind = f->version != f->shared->version;
    auth_file_give(f);
    if (behind)
        follow(f);
}

/* ---- the first time ---- */

static int make(struct auth_file *f, const char *path)
{
    f->dir = -1;
    f->path = strdup(path);
    f->shared = proc_shared(sizeof *f->shared);
    if (!f->path || !f->shared)
        return -ENOMEM;
    lock_init(&f->shared->lock);
    for (unsigned i = 0; i < PROC_COMPUTERS_MAX; i++)
        lock_init(&f->shared->hash[i]);
    f->shared->hashes = proc_computers();
    f->seed = fs_random();
    TRY(secret_setting(f->decoy));
    f->dir = edit_folder(f->path, &f->name);
    TRY(f->dir);
    f->folder = f->name == f->path ? strdup(".") : strndup(f->path, f->name == f->path + 1 ? 1 : (size_t)(f->name - f->path - 1));
    return f->folder ? 0 : -ENOMEM;
}

static int complain(struct buf *err, const char *path, const struct fresh *n)
{
    buf_printf(err, "the accounts file %s cannot be used: ", path);
    fault_print(err, n);
    return -EINVAL;
}

int auth_users(struct auth *a, const char *path, bool required, const struct log *log, struct buf *err)
{
    CLEANUP(auth_file_free) struct auth_file *f = calloc(1, sizeof *f);
    struct fresh n = { .rc = f ? make(f, path) : -ENOMEM };
    int rc;

    if (n.rc == 0)
        read_fresh(f, &n);
    if (n.rc == 0 && !n.stamp.ino)
        n.rc = -ENOENT;
    if (n.rc == -ENOENT && !required) {
        fresh_end(&n);
        return 0;
    }
    rc = n.rc < 0 ? complain(err, path, &n) : 0;
    if (rc == 0) {
        f->shared->seen = n.stamp;
        install(f, &n);
        f->log = log;
        a->file = f;
        f = NULL;
    }
    fresh_end(&n);
    return rc;
}

void auth_users_look(const struct auth *a)
{
    if (a->file)
        auth_file_refresh(a->file);
}

bool auth_users_followed(const struct auth *a)
{
    CLEANUP(free_text) char *text = NULL;
    struct edit_stamp stamp;
    ssize_t n = a->file ? edit_read(a->file->dir, a->file->name, &text, &stamp) : 0;

    return n >= 0 || n == -ENOENT;
}

void auth_file_free(struct auth_file **pf)
{
    struct auth_file *f = *pf;

    if (!f)
        return;
    accounts_free(&f->now);
    close_fd(&f->dir);
    if (f->shared)
        proc_unshare(f->shared, sizeof *f->shared);
    free(f->folder);
    free(f->path);
    free(f);
    *pf = NULL;
}
