/* verb_files: get, put, cat, rm, mv, mkdir: what each does with a path that the command line names. Run by the crew's workers.
 * get and put only find jobs here (fetch.c, send.c); the others do their work. Failures are told by w->why. RFC 959 section 4.1.3. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/fetch.h"
#include "client/ftpc_file.h"
#include "client/send.h"
#include "client/wish.h"
#include "sys/local.h"
#include "sys/proc.h"
#include "sys/save.h"
#include "wire/path.h"

/* Apart from rm's way down: its frames lie on the stack once for each folder. */
APART static int refuse(struct worker *w, const char *verb, struct span path, enum outcome out, const char *why)
{
    struct shown name;

    failure_set(&w->why, out, "%s %s: %s", verb, shown(&name, path), why);
    return -EISDIR;
}

typedef int asks_facts(struct ftpc *ftp, struct span path, struct ftpc_facts *out);

static int look(struct worker *w, const char *verb, struct span path, const struct listing_entry *known, asks_facts *ask,
                struct ftpc_facts *out)
{
    int rc;

    if (known) {
        *out = (struct ftpc_facts){ .folder = known->folder, .size = known->size, .mtime = known->mtime };
        return 0;
    }
    rc = ask(w->ftp, path, out);
    return rc < 0 ? worker_failed(w, verb, path, rc) : 0;
}

/* ---- get ---- */

static int take_get(struct worker *w, struct job *wish, struct span path, const struct listing_entry *known)
{
    const struct order *o = w->crew->order;
    struct job like = *wish;
    struct ftpc_facts facts;
    int rc;

    TRY(look(w, "get", path, known, ftpc_facts_to_get, &facts));
    if (facts.folder && !o->recursive)
        return refuse(w, "get", path, OUT_REFUSED, _("is a folder (-r fetches all in it)"));
    if (facts.partial)
        return refuse(w, "get", path, OUT_INCOMPLETE, _("is not whole yet: an upload broke off, or is under way"));
    if (path_leaf(path).len && !fetch_name_is_safe(path_leaf(path)))
        return refuse(w, "get", path, OUT_USAGE, _("no file here can have this name"));
    rc = save_folder(o->to);
    if (rc < 0)
        return worker_failed_here(w, span_of(o->to), rc);
    TRY(wish_join(strcmp(o->to, ".") == 0 ? SPAN("") : span_of(o->to), path_leaf(path), w->other, sizeof w->other));
    like.size = facts.size;
    like.mtime = facts.mtime;
    like.vague = known && known->vague;
    if (o->resume)
        left_look(&w->crew->left, o->to);
    like.clean = !left_for(&w->crew->left, path_leaf(path));
    rc = crew_add(w->crew, &like, facts.folder ? &fetch_folder : &fetch_file, path, span_of(*w->other ? w->other : "."));
    return rc < 0 ? worker_failed_here(w, path, rc) : 0;
}

static int run_get(struct worker *w, struct job *job)
{
    return wish_run(w, job, take_get);
}

const struct job_kind verb_get = { "get", true, run_get };

/* ---- put ---- */

/* Does what is named as the destination stand for a folder, into which everything goes? Asked once. */
static int find_dest(struct worker *w, struct job *wish, struct span path)
{
    struct span raw = span_of(wish->there);
    struct ftpc_facts facts;
    int rc;

    if (!raw.len || raw.at[raw.len - 1] == '/')
        w->crew->dest = 1;
    if (w->crew->dest)
        return 0;
    rc = ftpc_facts(w->ftp, path, &facts);
    if (rc < 0 && rc != -ENOENT && rc != -EACCES)
        return worker_failed(w, "put", path, rc);
    w->crew->dest = rc == 0 && facts.folder ? 1 : -1;
    return 0;
}

static int run_put(struct worker *w, struct job *job)
{
    CLEANUP(free_text) char *dest = malloc(PATH_CAP);
    struct span leaf = path_leaf(span_of(job->here));
    struct job like = *job;
    int rc = dest ? site_path(job->site, span_of(job->there), dest, PATH_CAP) : -ENOMEM;

    if (rc < 0)
        return worker_failed_here(w, span_of(job->there), rc);
    TRY(find_dest(w, job, span_of(dest)));
    rc = save_look(job->here, &like.size, &like.mtime);
    if (rc < 0 && rc != -EISDIR)
        return worker_failed_here(w, span_of(job->here), rc);
    if (rc == -EISDIR && !w->crew->order->recursive)
        return refuse(w, "put", span_of(job->here), OUT_USAGE, _("is a folder (-r brings all in it)"));
    if (w->crew->dest < 0)
        leaf = (struct span){ 0 };
    if (w->crew->dest > 0 && leaf.len && !fetch_name_is_safe(leaf))
        leaf = (struct span){ 0 }; /* "." and "..": what is in them */
    TRY(wish_join(span_of(dest), leaf, w->path, sizeof w->path));
    rc = crew_add(w->crew, &like, rc == -EISDIR ? &send_folder : &send_file, span_of(w->path), span_of(job->here));
    return rc < 0 ? worker_failed_here(w, span_of(job->here), rc) : 0;
}

const struct job_kind verb_put = { "put", true, run_put };

/* ---- cat ---- */

struct out {
    const char *at;
    size_t len;
};

static int write_out(void *arg)
{
    struct out *o = arg;

    return local_write_out(o->at, o->len);
}

static int copy_to_output(struct worker *w, struct io *data, char *block, int64_t *done, bool *here)
{
    for (;;) {
        ssize_t n = ftpc_read(w->ftp, data, block, RT_BLOCK);
        int rc;

        if (n <= 0)
            return (int)n;
        *done += n;
        w->crew->report.totals.bytes += n;
        rc = rt_call(w->task, write_out, &(struct out){ block, (size_t)n });
        *here = rc < 0;
        TRY(rc);
        TRY(rt_turn(w->task, -1));
    }
}

static int cat_steps(struct worker *w, struct span path, int64_t *done, bool *here, bool *cut, struct io **data)
{
    char *block;
    int rc;

    TRY(ftpc_begin(w->ftp, "RETR", path, data));
    block = rt_block_take();
    rc = block ? copy_to_output(w, *data, block, done, here) : -ENOMEM;
    if (block)
        rt_block_give(block);
    TRY(rc);
    *cut = io_truncated(*data);
    io_close(data);
    return ftpc_end(w->ftp);
}

static int take_cat(struct worker *w, struct job *wish, struct span path, const struct listing_entry *known)
{
    CLEANUP(io_abort) struct io *data = NULL;
    struct ftpc_facts facts;
    int64_t done = 0;
    bool here = false, cut = false;
    int rc;

    TRY(look(w, "cat", path, known, ftpc_facts_to_get, &facts));
    if (facts.folder)
        return refuse(w, "cat", path, OUT_REFUSED, _("is a folder"));
    rc = cat_steps(w, path, &done, &here, &cut, &data);
    if (done)
        wish->seen = ~0U; /* not once more: the beginning is out already */
    if (rc < 0 && !w->task->cancelled)
        rc = ftpc_give_up(w->ftp, &data, rc);
    if (here && proc_reader_left(fileno(stdout)))
        return 0; /* who had enough: dray cat URL | head -1 */
    if (here)
        return worker_failed_here(w, span_of(_("standard output")), rc);
    if (rc < 0)
        return worker_failed(w, "cat", path, rc);
    if (facts.size >= 0 ? done != facts.size : cut)
        return refuse(w, "cat", path, OUT_INCOMPLETE, _("not whole: the size is not what was announced"));
    return 0;
}

static int run_cat(struct worker *w, struct job *job)
{
    return wish_run(w, job, take_cat);
}

const struct job_kind verb_cat = { "cat", true, run_cat };

/* ---- rm ---- */

static int remove_entry(struct worker *w, struct span path, bool folder, unsigned depth);

static int remove_all_in(struct worker *w, struct span folder, const struct listing *l, unsigned depth)
{
    for (unsigned i = 0; i < l->count; i++) {
        CLEANUP(free_text) char *path = malloc(PATH_CAP);
        int rc = path ? wish_join(folder, l->at[i].name, path, PATH_CAP) : -ENOMEM;

        if (rc < 0)
            return worker_failed_here(w, l->at[i].name, rc);
        TRY(remove_entry(w, span_of(path), l->at[i].folder, depth));
    }
    return 0;
}

static int empty_folder(struct worker *w, struct span path, unsigned depth)
{
    CLEANUP(listing_free) struct listing l = { .all = true };
    int rc = depth > ORDER_DEPTH ? -ELOOP : listing_load(w->ftp, w->task, path, &l);

    if (rc == -ELOOP)
        return refuse(w, "rm", path, OUT_REFUSED, _("folders within folders without end"));
    if (rc < 0)
        return worker_failed(w, "list", path, rc);
    return remove_all_in(w, path, &l, depth + 1);
}

static int remove_entry(struct worker *w, struct span path, bool folder, unsigned depth)
{
    int rc;

    if (folder)
        TRY(empty_folder(w, path, depth));
    rc = folder ? ftpc_rmdir(w->ftp, path) : ftpc_delete(w->ftp, path);
    if (rc < 0)
        return worker_failed(w, "rm", path, rc == -ENOENT ? -EACCES : rc); /* it was there */
    report_did(&w->crew->report, "rm", path, (struct span){ 0 });
    return 0;
}

static int take_rm(struct worker *w, struct job *wish, struct span path, const struct listing_entry *known)
{
    struct ftpc_facts facts = { 0 };

    (void)wish;
    /* a link is gone with its name; what it leads to is asked of nobody */
    if (!(known && known->other))
        TRY(look(w, "rm", path, known, ftpc_facts, &facts));
    if (facts.folder && !w->crew->order->recursive)
        return refuse(w, "rm", path, OUT_REFUSED, _("is a folder (-r removes it and all in it)"));
    if (facts.folder && path.len == 1)
        return refuse(w, "rm", path, OUT_USAGE, _("the root stays"));
    return remove_entry(w, path, facts.folder, 0);
}

static int run_rm(struct worker *w, struct job *job)
{
    return wish_run(w, job, take_rm);
}

const struct job_kind verb_rm = { "rm", true, run_rm };

/* ---- mv and mkdir ---- */

/* Into a folder under its own name, else to that very name; what is there already is not replaced unless asked. */
static int find_target(struct worker *w, struct span from, char *to, size_t cap)
{
    struct ftpc_facts facts;
    int rc = ftpc_facts(w->ftp, span_of(to), &facts);

    if (rc == 0 && facts.folder) {
        CLEANUP(free_text) char *folder = strdup(to);

        TRY(folder ? wish_join(span_of(folder), path_leaf(from), to, cap) : -ENOMEM);
        rc = ftpc_facts(w->ftp, span_of(to), &facts);
    }
    if (rc == 0 && !w->crew->order->force)
        return refuse(w, "mv", span_of(to), OUT_REFUSED, _("there is one of this name already (-f replaces it)"));
    return rc == -ENOENT || rc == -EACCES || rc == 0 ? 0 : worker_failed(w, "mv", span_of(to), rc);
}

static int take_mv(struct worker *w, struct job *wish, struct span path, const struct listing_entry *known)
{
    CLEANUP(free_text) char *to = malloc(PATH_CAP);
    int rc = to ? site_path(wish->site, span_of(wish->here), to, PATH_CAP) : -ENOMEM;

    (void)known;
    if (rc < 0)
        return worker_failed_here(w, span_of(wish->here), rc);
    TRY(find_target(w, path, to, PATH_CAP));
    rc = ftpc_rename(w->ftp, path, span_of(to));
    if (rc < 0)
        return worker_failed(w, "mv", path, rc);
    report_did(&w->crew->report, "mv", path, span_of(to));
    return 0;
}

static int run_mv(struct worker *w, struct job *job)
{
    return wish_run(w, job, take_mv);
}

const struct job_kind verb_mv = { "mv", true, run_mv };

/* With -p also those above it, and one that is there is as good. */
static int make_one(struct worker *w, struct span path)
{
    bool parents = w->crew->order->parents;
    struct ftpc_facts facts;
    int rc;

    if (parents && (path.len <= 1 || (ftpc_facts(w->ftp, path, &facts) == 0 && facts.folder)))
        return 0;
    if (parents)
        TRY(make_one(w, path_parent(path)));
    rc = ftpc_mkdir(w->ftp, path);
    if (rc < 0)
        return worker_judge(w, path, worker_failed(w, "mkdir", path, rc));
    report_did(&w->crew->report, "mkdir", path, (struct span){ 0 });
    return 0;
}

static int run_mkdir(struct worker *w, struct job *job)
{
    CLEANUP(free_text) char *path = malloc(PATH_CAP);
    int rc = path ? site_path(job->site, span_of(job->there), path, PATH_CAP) : -ENOMEM;

    if (rc < 0)
        return worker_failed_here(w, span_of(job->there), rc);
    return make_one(w, span_of(path));
}

const struct job_kind verb_mkdir = { "mkdir", true, run_mkdir };
