/* ftp_info: what the server is and understands: SYST NOOP HELP FEAT OPTS CLNT LANG STAT SITE ALLO AVBL (RFC 959, 2389, 2640,
 * 3659; AVBL: draft-peterson-streamlined-ftp). HELP and the command part of FEAT come from the rows of ftp.def. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/ftp/ftp.h"
#include "store/access.h"
#include "wire/ftp_list.h"

int verb_syst(struct ftp *f, struct span arg)
{
    (void)arg;
    return reply(f, 215, "UNIX Type: L8"); /* clients choose their LIST parser by it */
}

int verb_noop(struct ftp *f, struct span arg)
{
    (void)arg;
    return reply(f, 200, "Fine.");
}

int verb_clnt(struct ftp *f, struct span arg)
{
    (void)arg;
    return reply(f, 200, "Noted.");
}

int verb_lang(struct ftp *f, struct span arg)
{
    if (arg.len && !(span_ieq((struct span){ arg.at, arg.len < 2 ? arg.len : 2 }, SPAN("en"))))
        return reply(f, 504, "Replies are in English only; LANG EN.");
    return reply(f, 200, "Replies are in English.");
}

/* ---- HELP ---- */

static int help_all(struct ftp *f)
{
    char text[900];
    struct buf b = BUF(text);

    buf_text(&b, "These commands are understood; HELP and a name explains one:");
    for (unsigned i = 0; i < ftp_rows_count; i++)
        buf_printf(&b, "%s%s", i % 12 ? " " : "\n", ftp_rows[i].verb);
    buf_text(&b, "\nSITE knows CHMOD, UTIME and PARTIAL.");
    return reply_span(f, 214, buf_span(&b));
}

static int help_site(struct ftp *f)
{
    return reply(f, 214, "SITE commands:\nCHMOD mode path\nUTIME time path\nPARTIAL path\nHELP\nEnd.");
}

int verb_help(struct ftp *f, struct span arg)
{
    const struct ftp_row *row = ftp_row_find(arg);

    if (!arg.len)
        return help_all(f);
    if (span_ieq(arg, SPAN("SITE")))
        return help_site(f);
    if (!row)
        return reply(f, 504, "There is no such command; HELP alone lists them.");
    return reply(f, 214, "%s %s: %s.", row->verb, row->syntax, row->help);
}

/* ---- FEAT and OPTS ---- */

void facts_print(struct buf *b, unsigned facts, bool all, const char *star)
{
    for (unsigned i = 0; i < FTP_FACTS; i++) {
        bool on = facts & (1u << i);

        if (all || on)
            buf_printf(b, "%s%s;", ftp_fact_name((enum ftp_fact)i), on ? star : "");
    }
}

int verb_feat(struct ftp *f, struct span arg)
{
    char text[600];
    struct buf b = BUF(text);

    (void)arg;
    buf_text(&b, "Understood beyond RFC 959:\nMLST ");
    facts_print(&b, f->facts, true, "*");
    buf_text(&b, "\nSIZE\nMDTM\nMFMT\nMFF Modify;UNIX.mode;\nREST STREAM\nRANG STREAM\n");
    hash_feature(&b, f->hash);
    buf_text(&b, "\nXCRC\nXMD5\nXSHA1\nXSHA256\nXSHA512\nEPSV\nEPRT\nAVBL\nHOST\nCLNT\nLANG EN*\n"
                 "TVFS\nUTF8\n");
    buf_text(&b, f->s->server->tls ? "AUTH TLS\nPBSZ\nPROT\nEnd." : "End.");
    return reply_span(f, 211, buf_span(&b));
}

static int opts_mlst(struct ftp *f, struct span facts)
{
    char text[200];
    struct buf b = BUF(text);

    f->facts = ftp_facts_parse(facts);
    buf_text(&b, "MLST OPTS ");
    facts_print(&b, f->facts, false, "");
    return reply_span(f, 200, buf_span(&b));
}

static int opts_utf8(struct ftp *f, struct span arg)
{
    if (span_ieq(arg, SPAN("OFF")))
        return reply(f, 504, "Names are bytes, in UTF-8 as a rule; that cannot be switched off.");
    return reply(f, 200, "Names are in UTF-8.");
}

int verb_opts(struct ftp *f, struct span arg)
{
    static const struct {
        const char *word;
        int (*run)(struct ftp *, struct span);
    } opts[] = { { "MLST", opts_mlst }, { "UTF8", opts_utf8 }, { "UTF-8", opts_utf8 }, { "HASH", opts_hash } };
    struct span rest = arg, what = span_cut(&rest, ' ');

    for (size_t i = 0; i < sizeof opts / sizeof *opts; i++)
        if (span_ieq(what, span_of(opts[i].word)))
            return opts[i].run(f, rest);
    return reply(f, 501, "Only UTF8, MLST and HASH have options.");
}

/* ---- STAT ---- */

static int stat_moving(struct ftp *f)
{
    return reply(f, 213, "Under way, %lld bytes so far.", (long long)f->moving->bytes);
}

static int stat_session(struct ftp *f)
{
    const struct server *server = f->s->server;

    return reply(f, 211, "This session:\nClient %s, %s%s%s%s\nTYPE %s, MODE S, STRU F, %s\nSessions now: %u of %u\nEnd.", f->s->peer,
                 f->s->account ? "logged in as " : "not logged in", f->s->account ? show(f, span_of(ftp_user(f))) : "",
                 f->s->account ? "; here you may " : "", f->s->account ? rights_text(store_rights(&f->s->store, ftp_cwd(f))) : "",
                 f->ascii ? "A" : "I", f->data.mode == DATA_PASSIVE ? "passive" : f->data.mode == DATA_ACTIVE ? "active" : "no data connection arranged",
                 board_count(server->board), board_seats(server->board));
}

int verb_stat(struct ftp *f, struct span arg)
{
    if (f->moving)
        return stat_moving(f);
    if (!arg.len)
        return stat_session(f);
    if (!f->s->account)
        return reply(f, 530, "Please log in first: USER, then PASS.");
    return list_on_control(f, arg);
}

/* ---- SITE ---- */

static int site_help(struct ftp *f, struct span arg)
{
    (void)arg;
    return help_site(f);
}

int verb_site(struct ftp *f, struct span arg)
{
    static const struct {
        const char *word;
        int (*run)(struct ftp *, struct span);
        bool login;
    } sites[] = { { "HELP", site_help, false }, { "CHMOD", site_chmod, true }, { "UTIME", site_utime, true },
                  { "PARTIAL", site_partial, true } };
    struct span rest = arg, word = span_cut(&rest, ' ');

    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        if (!span_ieq(word, span_of(sites[i].word)))
            continue;
        if (sites[i].login && !f->s->account)
            return reply(f, 530, "Please log in first: USER, then PASS.");
        return sites[i].run(f, rest);
    }
    return reply(f, 504, "SITE knows HELP, CHMOD, UTIME and PARTIAL.");
}

/* ---- room ---- */

int verb_allo(struct ftp *f, struct span arg)
{
    struct span rest = arg, bytes = span_cut(&rest, ' '); /* "ALLO n R m": the record size says nothing here */
    uint64_t want;
    int64_t room;

    if (span_u64(bytes, INT64_MAX, &want) < 0)
        return reply(f, 501, "ALLO wants a number of bytes.");
    TRY(store_space(&f->s->store, ftp_cwd(f), &room));
    f->allo = (int64_t)want;
    if ((int64_t)want > room)
        return reply(f, 452, "There is room for %lld bytes only.", (long long)room);
    return reply(f, 200, "There is room.");
}

int verb_avbl(struct ftp *f, struct span arg)
{
    char *path;
    int64_t room;

    TRY(ftp_path(f, arg, &path));
    TRY(store_space(&f->s->store, path, &room));
    return reply(f, 213, "%lld", (long long)room);
}
