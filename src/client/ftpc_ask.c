/* ftpc_ask: login and the questions that need no data connection. Called by the menu and by transfers; owns nothing.
 * What the server's numbers mean is decided here, once. Fails as ftpc.h says. RFC 959 section 5.4, RFC 2389 (FEAT),
 * RFC 2640 (UTF-8 names), RFC 3659 section 4 (SIZE). */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "client/ftpc_impl.h"

/* 550 is both "not found" and "not allowed" (RFC 959 section 4.2.2): only the words can tell. */
static bool sounds_forbidden(const struct ftpc *ftp)
{
    static const char *const signs[] = { "denied",    "permission", "permitted", "allowed", "forbidden",
                                         "privilege", "read-only",  "read only", "may not" };

    for (unsigned i = 0; i < sizeof signs / sizeof *signs; i++)
        for (size_t at = 0; at + strlen(signs[i]) <= ftp->reply.len; at++)
            if (strncasecmp(ftp->reply.text + at, signs[i], strlen(signs[i])) == 0)
                return true;
    return false;
}

int ftpc_verdict(const struct ftpc *ftp)
{
    int code = ftp->reply.code;

    if (code >= 200 && code < 400)
        return 0;
    if (code == 425 || code == 426)
        return -EPIPE;
    return (code == 550 || code == 450) && !sounds_forbidden(ftp) ? -ENOENT : -EACCES;
}

/* Asks and judges. */
static int demand(struct ftpc *ftp, const char *verb, struct span arg)
{
    TRY(ftpc_ask(ftp, verb, arg));
    return ftpc_verdict(ftp);
}

/* ---- login ---- */

int ftpc_greeting(struct ftpc *ftp)
{
    ftp->due = 1;
    TRY(ftpc_final(ftp));
    return ftpc_verdict(ftp);
}

int ftpc_user(struct ftpc *ftp, struct span name)
{
    TRY(demand(ftp, "USER", name));
    return ftp->reply.code == 331;
}

/* 332 wants an account on top, which nobody has: a refusal. */
int ftpc_password(struct ftpc *ftp, struct span password)
{
    TRY(demand(ftp, "PASS", password));
    return ftp->reply.code / 100 == 2 ? 0 : -EACCES;
}

static bool has_feature(const struct ftpc *ftp, struct span name)
{
    struct span rest = ftpc_words(ftp);

    while (rest.len) {
        struct span line = span_trim(span_cut(&rest, '\n'));

        if (span_ieq(span_cut(&line, ' '), name))
            return true;
    }
    return false;
}

int ftpc_prepare(struct ftpc *ftp)
{
    int code = ftpc_ask(ftp, "FEAT", (struct span){ 0 });
    bool utf8;

    TRY(code);
    ftp->has_mlsd = code == 211 && (has_feature(ftp, SPAN("MLST")) || has_feature(ftp, SPAN("MLSD")));
    utf8 = code == 211 && has_feature(ftp, SPAN("UTF8"));
    if (utf8)
        TRY(ftpc_ask(ftp, "OPTS", SPAN("UTF8 ON")));
    return demand(ftp, "TYPE", SPAN("I"));
}

/* ---- questions ---- */

int ftpc_cwd(struct ftpc *ftp, struct span folder)
{
    return demand(ftp, span_eq(folder, SPAN("..")) ? "CDUP" : "CWD",
                  span_eq(folder, SPAN("..")) ? (struct span){ 0 } : folder);
}

int ftpc_pwd(struct ftpc *ftp, struct buf *b)
{
    TRY(demand(ftp, "PWD", (struct span){ 0 }));
    return ftp_reply_quoted(ftpc_words(ftp), b) < 0 ? -EACCES : 0;
}

int ftpc_size(struct ftpc *ftp, struct span file, int64_t *size)
{
    uint64_t bytes;
    int code = ftpc_ask(ftp, "SIZE", file);

    TRY(code);
    *size = code == 213 && span_u64(span_trim(ftpc_words(ftp)), INT64_MAX, &bytes) == 0 ? (int64_t)bytes : -1;
    return 0;
}
