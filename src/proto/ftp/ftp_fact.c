/* ftp_fact: facts of one file, read and set: SIZE MDTM (RFC 3659 sections 3 and 4), MFMT MFF (draft-somers-ftp-mfxx),
 * SITE UTIME and SITE CHMOD as ncftp, lftp and file managers send them. Setting needs the right to write. */
#include <errno.h>

#include "base/cleanup.h"
#include "proto/ftp/ftp.h"
#include "wire/ftp_time.h"

static int stat_path(struct ftp *f, struct span arg, struct store_stat *st)
{
    char *path;

    TRY(ftp_path(f, arg, &path));
    return store_stat(&f->s->store, path, st);
}

/* What came of an upload that broke off has a size under the name it will have: clients that resume ask for it. */
int verb_size(struct ftp *f, struct span arg)
{
    struct store_stat st;
    int rc = stat_path(f, arg, &st);

    if (rc == -ENOENT && f->path)
        rc = store_partial(&f->s->store, f->path, &st);
    TRY(rc);
    if (st.kind != STORE_FILE)
        return -EISDIR;
    if (f->ascii) /* the size on the wire is known only by reading it all (RFC 3659 section 4.1) */
        return reply(f, 550, "SIZE is not told in TYPE A; say TYPE I first.");
    return reply(f, 213, "%lld", (long long)st.size);
}

int verb_mdtm(struct ftp *f, struct span arg)
{
    char text[20];
    struct buf b = BUF(text);
    struct store_stat st;

    TRY(stat_path(f, arg, &st));
    ftp_time_print(&b, st.mtime);
    return reply_span(f, 213, buf_span(&b));
}

static int set_time(struct ftp *f, struct span path, int64_t mtime)
{
    struct store_change c = { .verb = STORE_MTIME, .mtime = mtime };
    char *resolved;

    TRY(ftp_path(f, path, &resolved));
    c.path = resolved;
    return store_change(&f->s->store, &c);
}

static int set_mode(struct ftp *f, struct span path, unsigned mode)
{
    struct store_change c = { .verb = STORE_MODE, .mode = mode };
    char *resolved;

    TRY(ftp_path(f, path, &resolved));
    c.path = resolved;
    return store_change(&f->s->store, &c);
}

static int parse_mode(struct span s, unsigned *mode)
{
    unsigned v = 0;

    if (!s.len || s.len > 4)
        return -EINVAL;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '7')
            return -EINVAL;
        v = v * 8 + (unsigned)(s.at[i] - '0');
    }
    *mode = v & 0777;
    return 0;
}

int verb_mfmt(struct ftp *f, struct span arg)
{
    struct span path = arg, time = span_cut(&path, ' ');
    int64_t mtime;
    uint32_t nsec;

    if (ftp_time_parse(time, &mtime, &nsec) < 0 || !path.len)
        return reply(f, 501, "MFMT wants YYYYMMDDHHMMSS and a path.");
    TRY(set_time(f, path, mtime));
    return reply(f, 213, "Modify=%.*s; %s", SPAN_ARG(time), show(f, path));
}

/* ---- MFF: a list of facts, each a row ---- */

static int fact_modify(struct ftp *f, struct span path, struct span value)
{
    int64_t mtime;
    uint32_t nsec;

    TRY(ftp_time_parse(value, &mtime, &nsec));
    return set_time(f, path, mtime);
}

static int fact_mode(struct ftp *f, struct span path, struct span value)
{
    unsigned mode;

    TRY(parse_mode(value, &mode));
    return set_mode(f, path, mode);
}

/* ncftp always sends one; there is no such time to set on Linux, and no harm in saying so silently */
static int fact_create(struct ftp *f, struct span path, struct span value)
{
    (void)f;
    (void)path;
    (void)value;
    return 0;
}

static int set_fact(struct ftp *f, struct span path, struct span fact)
{
    static const struct {
        const char *name;
        int (*set)(struct ftp *, struct span path, struct span value);
    } facts[] = { { "modify", fact_modify }, { "UNIX.mode", fact_mode }, { "create", fact_create } };
    struct span value = fact, name = span_cut(&value, '=');

    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (span_ieq(name, span_of(facts[i].name)))
            return facts[i].set(f, path, value);
    return fail_with(f, 504, -EINVAL);
}

int verb_mff(struct ftp *f, struct span arg)
{
    ptrdiff_t blank = span_find(arg, ' ');
    struct span facts = { arg.at, blank < 0 ? 0 : (size_t)blank };
    struct span path = span_from(arg, facts.len + 1), rest = facts;

    if (!facts.len || !path.len)
        return reply(f, 501, "MFF wants fact=value;... and a path.");
    while (rest.len)
        TRY(set_fact(f, path, span_cut(&rest, ';')));
    return reply(f, 213, "%s %s", show(f, facts), show(f, path));
}

/* ---- SITE ---- */

/* YYYYMMDDhhmmss, or without the seconds. */
static int parse_short_time(struct span s, int64_t *mtime)
{
    char text[16];
    struct buf b = BUF(text);
    uint32_t nsec;

    buf_put(&b, s);
    if (s.len == 12)
        buf_text(&b, "00");
    return ftp_time_parse(buf_span(&b), mtime, &nsec);
}

/* "YYYYMMDDhhmm[ss] path", or what ncftp and old clients send: "path atime mtime ctime UTC". */
static int utime_parse(struct span arg, struct span *path, int64_t *mtime)
{
    struct span rest = arg, first = span_cut(&rest, ' '), word[4];
    uint32_t nsec;

    if (rest.len && parse_short_time(first, mtime) == 0) {
        *path = rest;
        return 0;
    }
    *path = arg;
    for (int i = 3; i >= 0; i--) {
        ptrdiff_t blank = span_rfind(*path, ' ');

        if (blank < 0)
            return -EINVAL;
        word[i] = span_from(*path, (size_t)blank + 1);
        path->len = (size_t)blank;
    }
    return span_ieq(word[3], SPAN("UTC")) ? ftp_time_parse(word[1], mtime, &nsec) : -EINVAL;
}

int site_utime(struct ftp *f, struct span arg)
{
    struct span path;
    int64_t mtime;

    if (utime_parse(arg, &path, &mtime) < 0)
        return reply(f, 501, "SITE UTIME wants YYYYMMDDHHMMSS and a path.");
    TRY(set_time(f, path, mtime));
    return reply(f, 200, "Time set.");
}

int site_chmod(struct ftp *f, struct span arg)
{
    struct span path = arg, digits = span_cut(&path, ' ');
    unsigned mode;

    if (parse_mode(digits, &mode) < 0 || !path.len)
        return reply(f, 501, "SITE CHMOD wants three octal digits and a path.");
    TRY(set_mode(f, path, mode));
    return reply(f, 200, "Mode set.");
}
