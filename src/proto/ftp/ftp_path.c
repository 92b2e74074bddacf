/* ftp_path: folders and names: PWD CWD CDUP MKD RMD DELE RNFR RNTO (RFC 959 section 4.1.3, X-forms of RFC 775), and the
 * parameters TYPE STRU MODE REST. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/ftp/ftp.h"
#include "wire/path.h"
#include "wire/text.h"

/* Room for a 257: taken before anything is changed, or a change could not be told. */
static int room_257(struct ftp *f, struct buf *b)
{
    *b = (struct buf){ .cap = 2 * PATH_CAP + 64 };
    b->at = arena_take(&f->s->scratch, b->cap);
    return b->at ? 0 : -ENOMEM;
}

/* 257 "path" text: quotes inside are doubled (RFC 959 appendix II). */
static int reply_257(struct ftp *f, struct buf *b, const char *path, const char *text)
{
    buf_putc(b, '"');
    text_quoted(b, span_of(path));
    buf_printf(b, "\" %s", text);
    return reply_span(f, 257, buf_span(b));
}

int verb_pwd(struct ftp *f, struct span arg)
{
    struct buf b;

    (void)arg;
    TRY(room_257(f, &b));
    return reply_257(f, &b, ftp_cwd(f), "is the current folder.");
}

static int change_folder(struct ftp *f, struct span arg)
{
    struct store_stat st;
    char *path, *copy;

    TRY(ftp_path(f, arg, &path));
    TRY(store_stat(&f->s->store, path, &st));
    if (st.kind != STORE_DIR)
        return -ENOTDIR;
    copy = strdup(path);
    if (!copy)
        return -ENOMEM;
    free(f->cwd);
    f->cwd = copy;
    return reply(f, 250, "Changed to %s", show(f, span_of(path)));
}

int verb_cwd(struct ftp *f, struct span arg)
{
    return change_folder(f, arg.len ? arg : SPAN("/"));
}

int verb_cdup(struct ftp *f, struct span arg)
{
    (void)arg;
    return change_folder(f, SPAN(".."));
}

static void log_change(struct ftp *f, const char *event, const char *path)
{
    LOG(f->s->server->log, event, LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("user", span_of(ftp_user(f))),
        LOG_TEXT("path", span_of(path)));
}

/* One change of one path, logged. */
static int change(struct ftp *f, enum store_verb verb, struct span arg, const char *event, char **path)
{
    TRY(ftp_path(f, arg, path));
    TRY(store_change(&f->s->store, &(struct store_change){ .verb = verb, .path = *path }));
    log_change(f, event, *path);
    return 0;
}

int verb_mkd(struct ftp *f, struct span arg)
{
    struct buf b;
    char *path;

    TRY(room_257(f, &b));
    TRY(change(f, STORE_MKDIR, arg, "made", &path));
    return reply_257(f, &b, path, "was made.");
}

int verb_rmd(struct ftp *f, struct span arg)
{
    char *path;

    TRY(change(f, STORE_RMDIR, arg, "removed", &path));
    return reply(f, 250, "Removed.");
}

int verb_dele(struct ftp *f, struct span arg)
{
    char *path;

    TRY(change(f, STORE_RM, arg, "deleted", &path));
    return reply(f, 250, "Deleted.");
}

int verb_rnfr(struct ftp *f, struct span arg)
{
    struct store_stat st;
    char *path, *copy;

    TRY(ftp_path(f, arg, &path));
    TRY(store_stat(&f->s->store, path, &st));
    copy = strdup(path);
    if (!copy)
        return -ENOMEM;
    free(f->rename_from);
    f->rename_from = copy;
    return reply(f, 350, "RNTO and the new name, please.");
}

int verb_rnto(struct ftp *f, struct span arg)
{
    struct store_change mv = { .verb = STORE_MV, .path = f->rename_from };
    char *to;

    if (!f->rename_from)
        return reply(f, 503, "RNTO follows RNFR.");
    TRY(ftp_path(f, arg, &to));
    mv.to = to;
    TRY(store_change(&f->s->store, &mv));
    log_change(f, "renamed", to);
    return reply(f, 250, "Renamed.");
}

/* ---- parameters: a table of what is understood ---- */

struct parameter {
    const char *value;
    int code;
    const char *text;
};

static const struct parameter *parameter_find(const struct parameter *p, struct span value)
{
    while (p->value && !span_ieq(value, span_of(p->value)))
        p++;
    return p;
}

int verb_type(struct ftp *f, struct span arg)
{
    static const struct parameter types[] = {
        { "A", 200, "Text: line ends are converted." },
        { "A N", 200, "Text: line ends are converted." },
        { "I", 200, "Bytes, as they are." },
        { "L 8", 200, "Bytes, as they are." },
        { "L8", 200, "Bytes, as they are." },
        { "A T", 504, "Telnet format controls are not done here; use TYPE A or I." },
        { "A C", 504, "Carriage control is not done here; use TYPE A or I." },
        { "E", 504, "EBCDIC is not done here; use TYPE A or I." },
        { "E N", 504, "EBCDIC is not done here; use TYPE A or I." },
        { NULL, 501, "TYPE is A or I." },
    };
    const struct parameter *p = parameter_find(types, arg);

    if (!p->value && span_starts(arg, SPAN("L ")))
        return reply(f, 504, "Bytes have eight bits here; use TYPE L 8 or I.");
    if (p->value && p->code == 200)
        f->ascii = p->value[0] == 'A';
    return reply(f, p->code, "%s", p->text);
}

int verb_stru(struct ftp *f, struct span arg)
{
    static const struct parameter structures[] = {
        { "F", 200, "Files have no structure." },
        { "R", 504, "Only STRU F is done here." },
        { "P", 504, "Only STRU F is done here." },
        { NULL, 501, "STRU is F." },
    };
    const struct parameter *p = parameter_find(structures, arg);

    return reply(f, p->code, "%s", p->text);
}

int verb_mode(struct ftp *f, struct span arg)
{
    static const struct parameter modes[] = {
        { "S", 200, "Stream mode." },
        { "B", 504, "Only MODE S is done here." },
        { "C", 504, "Only MODE S is done here." },
        { "Z", 504, "Only MODE S is done here." },
        { NULL, 501, "MODE is S." },
    };
    const struct parameter *p = parameter_find(modes, arg);

    return reply(f, p->code, "%s", p->text);
}

int verb_rest(struct ftp *f, struct span arg)
{
    uint64_t offset;

    if (span_u64(arg, INT64_MAX, &offset) < 0)
        return reply(f, 501, "REST wants an offset in bytes, digits only.");
    f->restart = (int64_t)offset;
    f->range = (struct ftp_range){ 0 };
    return reply(f, 350, "The next transfer begins at byte %lld.", (long long)offset);
}
