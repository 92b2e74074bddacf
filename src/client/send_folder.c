/* send_folder: put of a folder: it is made at the server, and all in it become jobs (send.c brings the files). Run by the crew's
 * workers; owns nothing. Links to folders are left out: they may lead in circles. Failures are told by w->why. RFC 959 4.1.3. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/ftpc_file.h"
#include "client/send.h"
#include "sys/local.h"
#include "sys/save.h"


struct sending_folder {
    struct worker *w;
    const struct job *job;
    int rc;
};

static int join(const char *folder, const char *leaf, char *out, size_t cap)
{
    size_t len = strlen(folder);
    int n = snprintf(out, cap, "%s%s%s", folder, len && folder[len - 1] == '/' ? "" : "/", leaf);

    return n > 0 && (size_t)n < cap ? 0 : -ENAMETOOLONG;
}

static int add_entry(struct worker *w, const struct job *job, const char *name, bool folder)
{
    struct job like = *job;

    like.depth = job->depth + 1;
    like.size = -1;
    TRY(join(job->there, name, w->path, sizeof w->path));
    TRY(join(job->here, name, w->other, sizeof w->other));
    if (folder && local_is_link(w->other)) {
        report_note(&w->crew->report, "put", span_of(w->other), _("a link to a folder: left out"));
        return 0;
    }
    if (!folder)
        save_look(w->other, &like.size, &like.mtime);
    return crew_add(w->crew, &like, folder ? &send_folder : &send_file, span_of(w->path), span_of(w->other));
}

static bool each(void *arg, const char *name, bool folder)
{
    struct sending_folder *f = arg;

    f->rc = add_entry(f->w, f->job, name, folder);
    return f->rc == 0;
}

/* One that is there already is as good. */
static int make_folder(struct worker *w, struct span path)
{
    struct ftpc_facts facts;
    int rc;

    if (span_eq(path, SPAN("/")))
        return 0;
    rc = ftpc_mkdir(w->ftp, path);
    if (rc != -EACCES && rc != -ENOENT)
        return rc < 0 ? worker_failed(w, "mkdir", path, rc) : 0;
    failure_there(&w->why, w->ftp, "mkdir", path, rc);
    return ftpc_facts(w->ftp, path, &facts) == 0 && facts.folder ? 0 : rc;
}

static int run_folder(struct worker *w, struct job *job)
{
    struct sending_folder f = { .w = w, .job = job };
    int rc;

    TRY(make_folder(w, span_of(job->there)));
    rc = local_each(job->here, each, &f);
    if (rc == 0)
        rc = f.rc;
    return rc < 0 ? worker_failed_here(w, span_of(job->here), rc) : 0;
}

const struct job_kind send_folder = { "put", true, run_folder };
