/* ftpc_ask: login and the questions that need no data connection. Called by the menu and by transfers; owns nothing.
 * What the server's numbers mean is decided here, once. Fails as ftpc.h says. RFC 959 section 5.4, RFC 2389 (FEAT),
 * RFC 2640 (UTF-8 names), RFC 3659 section 4 (SIZE). */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sums.h"
#include "client/ftpc_impl.h"

/* 550 is both "not found" and "not allowed" (RFC 959 section 4.2.2): only the words can tell. */
static bool sounds_forbidden(const struct ftpc *ftp)
{
    static const char *const signs[] = { "denied",    "permission", "permitted", "allowed", "forbidden",
                                         "privilege", "read-only",  "read only", "may not" };

    for (unsigned i = 0; i < sizeof signs / sizeof *signs; i++)
        if (span_mentions(ftpc_words(ftp), span_of(signs[i])))
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
    ftp->due++;
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

/* ---- what the server can do ---- */

/* "SHA-256*;SHA-1;MD5": the one with the star is computed unasked. */
static unsigned starred(struct span kinds)
{
    while (kinds.len) {
        struct span one = span_trim(span_cut(&kinds, ';'));

        if (one.len && one.at[one.len - 1] == '*') {
            enum sum_id id = sum_find((struct span){ one.at, one.len - 1 });

            return id == SUMS ? 0 : SUM_BIT(id);
        }
    }
    return 0;
}

static bool has_fact(struct span facts, struct span name)
{
    while (facts.len) {
        struct span one = span_cut(&facts, ';');

        if (one.len && one.at[one.len - 1] == '*')
            one.len--;
        if (span_ieq(span_trim(one), name))
            return true;
    }
    return false;
}

/* X.partial is dray's own: such a server stores whole or not at all, and keeps commands. */
static void know_mlst(struct ftpc_can *can, struct span facts)
{
    can->mlst = true;
    can->atomic = has_fact(facts, SPAN("X.partial"));
    can->pipe |= can->atomic;
}

static void know_mfmt(struct ftpc_can *can, struct span rest)
{
    (void)rest;
    can->mfmt = true;
}

static void know_utf8(struct ftpc_can *can, struct span rest)
{
    (void)rest;
    can->utf8 = true;
}

static void know_rang(struct ftpc_can *can, struct span rest)
{
    (void)rest;
    can->rang = true;
}

static void know_hash(struct ftpc_can *can, struct span kinds)
{
    can->hash = starred(kinds);
}

static const struct feature {
    struct span name;
    void (*know)(struct ftpc_can *can, struct span rest);
} features[] = {
    { { "MLST", 4 }, know_mlst }, { { "MLSD", 4 }, know_mlst }, { { "MFMT", 4 }, know_mfmt },
    { { "UTF8", 4 }, know_utf8 }, { { "RANG", 4 }, know_rang }, { { "HASH", 4 }, know_hash },
};

static const struct {
    struct span name;
    enum sum_id id;
} sum_features[] = {
    { { "XCRC", 4 }, SUM_CRC32 },     { { "XMD5", 4 }, SUM_MD5 },       { { "XSHA1", 5 }, SUM_SHA1 },
    { { "XSHA256", 7 }, SUM_SHA256 }, { { "XSHA512", 7 }, SUM_SHA512 },
};

static void know_line(struct ftpc_can *can, struct span line)
{
    struct span name = span_cut(&line, ' ');

    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (span_ieq(name, features[i].name))
            features[i].know(can, line);
    for (size_t i = 0; i < sizeof sum_features / sizeof *sum_features; i++)
        if (span_ieq(name, sum_features[i].name))
            can->sums |= SUM_BIT(sum_features[i].id);
}

void ftpc_read_features(struct ftpc *ftp, int code)
{
    struct span rest = ftpc_words(ftp);
    struct ftpc_can can = { 0 };

    while (code == 211 && rest.len)
        know_line(&can, span_trim(span_cut(&rest, '\n')));
    *ftp->can = can;
}

int ftpc_prepare(struct ftpc *ftp, struct ftpc_can *keep)
{
    int code;

    ftp->can = keep ? keep : &ftp->own;
    code = ftpc_ask(ftp, "FEAT", (struct span){ 0 });
    TRY(code);
    ftpc_read_features(ftp, code);
    return ftpc_prepare_as(ftp, ftp->can);
}

const struct ftpc_can *ftpc_skills(const struct ftpc *ftp)
{
    return ftp->can;
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
