/* ftpc_file: see ftpc_file.h. Called by the verbs; owns nothing. Every answer is judged before it is believed: a size that is no
 * number is unknown, a checksum of the wrong length is none. RFC 959 section 4.1.3, RFC 3659 (SIZE, MDTM, MLST, REST),
 * draft-somers-ftp-mfxx (MFMT), draft-bryan-ftpext-hash (HASH), draft-bryan-ftp-range (RANG); XCRC and its like by usage. */
#include "client/ftpc_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "client/ftpc_impl.h"
#include "wire/ftp_list.h"
#include "wire/ftp_time.h"

static int demand(struct ftpc *ftp, const char *verb, struct span arg)
{
    TRY(ftpc_ask(ftp, verb, arg));
    return ftpc_verdict(ftp);
}

/* ---- facts ---- */

/* The line of the facts is the one between the first and the last. */
static int read_facts(struct ftpc *ftp, struct ftpc_facts *out)
{
    struct span rest = ftpc_words(ftp), line;
    struct ftp_entry e = { 0 };

    span_cut(&rest, '\n');
    line = span_cut(&rest, '\n');
    if (ftp_list_parse_facts(line, &e) <= 0 || e.kind == FTP_OTHER)
        return -EACCES;
    out->folder = e.kind != FTP_FILE;
    out->partial = e.partial;
    out->size = e.has & 1u << FTP_FACT_SIZE && !out->folder ? e.size : -1;
    out->mtime = e.has & 1u << FTP_FACT_MODIFY ? e.mtime : INT64_MIN;
    return 0;
}

int ftpc_mtime(struct ftpc *ftp, struct span path, int64_t *mtime)
{
    uint32_t nsec;
    int code = ftp->can->no_mdtm ? 0 : ftpc_ask(ftp, "MDTM", path);

    TRY(code);
    ftp->can->no_mdtm |= code == 500 || code == 502;
    if (code != 213 || ftp_time_parse(span_trim(ftpc_words(ftp)), mtime, &nsec) < 0)
        *mtime = INT64_MIN;
    return 0;
}

/* Whether a path without a size is a folder only the attempt to enter it tells. What stays is the answer to that: it says best what
 * is wrong; but a server that knows no SIZE may have a file there all the same. */
static int ask_one_by_one(struct ftpc *ftp, struct span path, struct ftpc_facts *out)
{
    bool sizeless;
    int rc;

    TRY(ftpc_size(ftp, path, &out->size));
    sizeless = ftp->reply.code == 500 || ftp->reply.code == 502;
    if (out->size >= 0)
        return ftpc_mtime(ftp, path, &out->mtime);
    rc = demand(ftp, "CWD", path);
    out->folder = rc == 0;
    return sizeless && (rc == -ENOENT || rc == -EACCES) ? ftpc_mtime(ftp, path, &out->mtime) : rc;
}

/* 1: the server has no MLST. */
static int ask_mlst(struct ftpc *ftp, struct span path, bool port, struct ftpc_facts *out)
{
    int code;

    *out = (struct ftpc_facts){ .size = -1, .mtime = INT64_MIN };
    if (!ftp->can->mlst)
        return 1;
    code = port ? ftpc_ask_and_port(ftp, "MLST", path) : ftpc_ask(ftp, "MLST", path);
    TRY(code);
    if (code == 250)
        return read_facts(ftp, out);
    if (code != 500 && code != 502)
        return ftpc_verdict(ftp) < 0 ? ftpc_verdict(ftp) : -EACCES;
    ftp->can->mlst = false;
    return 1;
}

int ftpc_facts(struct ftpc *ftp, struct span path, struct ftpc_facts *out)
{
    int rc = ask_mlst(ftp, path, false, out);

    return rc == 1 ? ask_one_by_one(ftp, path, out) : rc;
}

int ftpc_facts_to_get(struct ftpc *ftp, struct span path, struct ftpc_facts *out)
{
    int rc;

    ftpc_ahead(ftp, SUMS, true);
    rc = ask_mlst(ftp, path, true, out);
    return rc == 1 ? ask_one_by_one(ftp, path, out) : rc;
}

int ftpc_file_facts(struct ftpc *ftp, struct span path, struct ftpc_facts *out)
{
    int rc = ask_mlst(ftp, path, false, out);

    if (rc != 1)
        return rc;
    TRY(ftpc_size(ftp, path, &out->size));
    return out->size < 0 ? 0 : ftpc_mtime(ftp, path, &out->mtime);
}

/* ---- changes ---- */

int ftpc_delete(struct ftpc *ftp, struct span path)
{
    return demand(ftp, "DELE", path);
}

int ftpc_mkdir(struct ftpc *ftp, struct span path)
{
    return demand(ftp, "MKD", path);
}

int ftpc_rmdir(struct ftpc *ftp, struct span path)
{
    return demand(ftp, "RMD", path);
}

int ftpc_rename(struct ftpc *ftp, struct span from, struct span to)
{
    if (ftp->can->pipe)
        return ftpc_ask_two(ftp, "RNFR", from, "RNTO", to);
    TRY(demand(ftp, "RNFR", from));
    return demand(ftp, "RNTO", to);
}

/* Nobody waits for the answer: it is read before the next one. The next transfer's port may be asked for in the same go. */
static int say_only(struct ftpc *ftp, const char *verb, struct span arg)
{
    if (ftp->ahead.count > AHEAD_MOST - 2)
        TRY(ftpc_take_in(ftp));
    TRY(ftpc_queue(ftp, verb, arg));
    ftpc_owe(ftp, ANSWER_ANY);
    TRY(ftpc_queue_port(ftp));
    return ftpc_flush(ftp);
}

/* Without MFMT some servers (vsftpd) set it by MDTM with a time before the name. For others that is a file that is not there: one
 * such answer, and it is not tried again. */
static int set_mtime(struct ftpc *ftp, struct span path, int64_t seconds, bool wait)
{
    CLEANUP(free_text) char *text = NULL;
    char when[FTP_TIME_LEN + 1];
    struct buf b = BUF(when);
    int rc;

    if (!ftp->can->mfmt && ftp->can->no_set_mdtm)
        return -EACCES;
    ftp_time_print(&b, seconds);
    if (asprintf(&text, "%.*s %.*s", SPAN_ARG(buf_span(&b)), SPAN_ARG(path)) < 0)
        return -ENOMEM;
    if (ftp->can->mfmt && ftp->can->pipe && !wait)
        return say_only(ftp, "MFMT", span_of(text));
    rc = demand(ftp, ftp->can->mfmt ? "MFMT" : "MDTM", span_of(text));
    if (!ftp->can->mfmt && (rc == -EACCES || rc == -ENOENT))
        ftp->can->no_set_mdtm = true;
    return rc;
}

int ftpc_set_mtime(struct ftpc *ftp, struct span path, int64_t seconds)
{
    return set_mtime(ftp, path, seconds, false);
}

int ftpc_try_mtime(struct ftpc *ftp, struct span path, int64_t seconds)
{
    return set_mtime(ftp, path, seconds, true);
}

/* Both ends inclusive on the wire. port: the one of the transfer that follows is asked for in the same go, if ftpc_ahead said so. */
static int queue_range(struct ftpc *ftp, int64_t from, int64_t to)
{
    char arg[48];

    snprintf(arg, sizeof arg, "%lld %lld", (long long)from, (long long)to - 1);
    return ftpc_queue(ftp, "RANG", span_of(arg));
}

static int ask_range(struct ftpc *ftp, int64_t from, int64_t to, bool port)
{
    unsigned before = ftp->ahead.count;
    int code;

    TRY(queue_range(ftp, from, to));
    if (port && before < AHEAD_MOST)
        TRY(ftpc_queue_port(ftp));
    TRY(ftpc_flush(ftp));
    TRY(ftpc_take(ftp, before));
    code = ftpc_final(ftp);
    TRY(code);
    return code == 350 ? 0 : -EACCES;
}

/* To dray, whose port is known, it goes with the transfer's command: if it is refused after all, that is told by the next answer. */
int ftpc_range(struct ftpc *ftp, int64_t from, int64_t to)
{
    bool at_once = ftp->can->atomic && (ftp->ahead.has_port || ftpc_owed(ftp, ANSWER_PORT));

    if (!ftp->can->rang)
        return -EACCES;
    if (!at_once)
        return ask_range(ftp, from, to, true);
    TRY(queue_range(ftp, from, to));
    ftpc_owe(ftp, ANSWER_RANGE);
    return 0;
}

/* REST stands directly before the transfer (RFC 3659 section 5.3): BSD's servers forget it at any other command, so the data
 * connection comes first. */
int ftpc_restart(struct ftpc *ftp, int64_t offset)
{
    char text[24];
    struct buf b = BUF(text);
    int code, fd = -1, rc;

    ftpc_data_forget(ftp);
    rc = ftpc_data_open(ftp, &fd);
    ftp->opened = fd;
    ftp->is_open = true;
    if (rc < 0)
        ftpc_data_forget(ftp);
    TRY(rc);
    buf_number(&b, (uint64_t)offset, 10, 1, ' ');
    code = ftpc_ask(ftp, "REST", buf_span(&b));
    TRY(code);
    return code == 350 ? 0 : -EACCES;
}

/* ---- checksums ---- */

unsigned ftpc_sums(const struct ftpc *ftp)
{
    return ftp->can->sums | ftp->can->hash;
}

/* The kind that HASH computes unasked: the others would cost an OPTS. */
unsigned ftpc_sums_of_part(const struct ftpc *ftp)
{
    return ftp->can->rang ? ftp->can->hash : 0;
}

/* The first word that has the form of such a sum. */
static int find_sum(struct span text, enum sum_id id, struct sums *out)
{
    while (text.len) {
        struct span word = span_cut(&text, ' ');

        if (word.len == 2UL * sum_kinds[id].len && sum_parse(word, id, out) == 0)
            return 0;
    }
    return -EACCES;
}

static void put_quoted(struct buf *b, struct span path)
{
    buf_putc(b, '"');
    for (size_t i = 0; i < path.len; i++) {
        if (path.at[i] == '"')
            buf_putc(b, '"');
        buf_putc(b, path.at[i]);
    }
    buf_putc(b, '"');
}

/* "XCRC "name"": the quotes keep blanks and numbers at its end in the name. */
int ftpc_queue_sum(struct ftpc *ftp, struct span path, enum sum_id id)
{
    static const char *const verbs[SUMS] = { "XSHA256", "XSHA512", "XSHA1", "XMD5", "XCRC" };
    CLEANUP(free_text) char *quoted = NULL;
    struct buf b = { .cap = 2 * path.len + 3 };

    if (span_find(path, ' ') < 0 && span_find(path, '"') < 0)
        return ftpc_queue(ftp, verbs[id], path);
    b.at = quoted = malloc(b.cap);
    if (!quoted)
        return -ENOMEM;
    put_quoted(&b, path);
    return ftpc_queue(ftp, verbs[id], buf_span(&b));
}

/* The answer may be on its way since the transfer began (ftpc_ahead). */
static int ask_x(struct ftpc *ftp, struct span path, enum sum_id id)
{
    if (!ftpc_owed(ftp, ANSWER_SUM) || ftp->ahead.kind != id) {
        TRY(ftpc_take_in(ftp));
        TRY(ftpc_queue_sum(ftp, path, id));
        ftpc_owe(ftp, ANSWER_SUM);
        TRY(ftpc_queue_port(ftp));
        TRY(ftpc_flush(ftp));
    }
    ftpc_owed_next(ftp);
    TRY(ftpc_final(ftp));
    return ftpc_verdict(ftp);
}

/* "213 SHA-256 0-49 6ba8... name": the range is what was hashed, both ends inclusive. */
static int ask_hash(struct ftpc *ftp, struct span path, int64_t bytes, char range[48])
{
    snprintf(range, 48, "0-%lld", (long long)bytes - 1);
    if (bytes >= 0)
        TRY(ask_range(ftp, 0, bytes, false));
    return demand(ftp, "HASH", path);
}

int ftpc_sum(struct ftpc *ftp, struct span path, int64_t bytes, enum sum_id id, struct sums *out)
{
    struct span words, kind, hashed;
    char range[48];

    if (bytes < 0 && ftp->can->sums & SUM_BIT(id)) {
        TRY(ask_x(ftp, path, id));
        return find_sum(ftpc_words(ftp), id, out);
    }
    TRY(ask_hash(ftp, path, bytes, range));
    words = ftpc_words(ftp);
    kind = span_cut(&words, ' ');
    hashed = span_cut(&words, ' ');
    if (sum_find(kind) != id || (bytes >= 0 && !span_eq(hashed, span_of(range))))
        return -EACCES;
    return find_sum(words, id, out);
}
