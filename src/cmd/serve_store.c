/* serve_store: what `dray serve` serves: opens the folder, or makes a store in memory, and prepares it before the first session.
 * Called by serve.c. The storage lives as long as the server. Fails with a sentence on standard error and -EINVAL. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "cmd/serve_impl.h"
#include "store/partials.h"
#include "store/shared.h"
#include "wire/text.h"

int serve_complain(const char *fmt, ...)
{
    char text[900], safe[sizeof text];
    struct buf b = BUF(safe);
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    text_terminal(&b, span_of(text)); /* names may be anybody's */
    fprintf(stderr, "dray serve: %s\n", buf_cstr(&b));
    return -EINVAL;
}

const char *serve_folder(const struct conf *c)
{
    return c->dir ? c->dir : ".";
}

static int open_folder(const struct conf *c, struct storage *out)
{
    int rc = store_local_open(serve_folder(c), c->hidden, out);

    if (rc == -ENOSYS || rc == -EPERM)
        return serve_complain(_("this kernel (or its container) does not allow openat2, without which no folder is safe; it takes "
                              "Linux 5.6 or newer"));
    if (rc < 0)
        return serve_complain(_("cannot serve %s: %s"), serve_folder(c), _(err_text(rc)));
    store_local_serve(out);
    return 0;
}

static int open_memory(const struct conf *c, struct storage *out)
{
    int rc;

    if (c->dir)
        return serve_complain(_("--memory and the folder %s: choose one"), c->dir);
    if (c->durable)
        return serve_complain(_("--durable: nothing in memory lasts; leave it out, or serve a folder"));
    rc = store_mem_open((size_t)c->memory, c->hidden, out);
    if (rc < 0)
        return serve_complain(_("--memory: this machine does not give that much memory"));
    return 0;
}

char *serve_name(const struct conf *c)
{
    char *real;

    if (c->memory)
        return strdup("memory");
    real = realpath(serve_folder(c), NULL);
    return real ? real : strdup(serve_folder(c));
}

static int choose_sums(const struct conf *c, struct storage *out)
{
    struct span rest = span_of(c->checksum ? c->checksum : "crc32");

    while (rest.len && !span_ieq(rest, SPAN("none"))) {
        struct span name = span_cut(&rest, ',');
        enum sum_id id = sum_find(name);

        if (id == SUMS)
            return serve_complain(_("--checksum: there is no \"%.*s\"; there are crc32, md5, sha1, sha256, sha512 and none"),
                                  SPAN_ARG(name));
        out->sums |= SUM_BIT(id);
    }
    return 0;
}

/* Before the first session: quotas count what is there, and what killed servers left is swept. */
static int prepare(const struct conf *c, unsigned uploads, struct storage *out)
{
    char text[300];
    struct buf err = BUF(text);
    struct store_shared *shared = store_shared_new();
    int rc;

    out->shared = shared;
    out->durable = c->durable;
    out->keep_free = c->memory && c->keep_free == CONF_AUTO ? 0 : c->keep_free; /* memory was given to be used */
    out->keep = c->keep_partials > 0 && !c->pam; /* there is one folder for them, and it would be one user's */
    out->keep_days = c->keep_partials;
    TRY(choose_sums(c, out));
    partials_sweep(out); /* before anything is counted */
    rc = shared ? quotas_new(&c->quota, uploads, &shared->quotas, &err) : -ENOMEM;
    if (rc < 0)
        return serve_complain("%s", rc == -EINVAL ? buf_cstr(&err) : _(err_text(rc)));
    rc = store_count(out);
    if (rc < 0)
        return serve_complain(_("cannot count what is stored in %s: %s"), serve_folder(c), _(err_text(rc)));
    return 0;
}

int serve_storage(const struct conf *c, unsigned uploads, struct storage *out)
{
    TRY(c->memory ? open_memory(c, out) : open_folder(c, out));
    return prepare(c, uploads, out);
}
