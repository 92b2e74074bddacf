/* ftp: the FTP session: greeting, the loop over commands, replies (RFC 959, 1123 section 4.1, 2389, 2428, 2640, 3659, 7151).
 * Called by session_main. Owns the session's few strings and what PASV and PORT arranged. A verb that fails returns -errno;
 * the dispatcher here turns it into the reply that the command's row names. The session ends when the client leaves, is
 * silent for too long, or talks nonsense; a broken control connection shows as an error of the stream. */
#include "proto/ftp/ftp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "proto/ftp/ftp_tls.h"
#include "store/access.h"
#include "wire/ftp_cmd.h"
#include "wire/ftp_list.h"
#include "wire/ftp_reply.h"
#include "wire/path.h"
#include "wire/text.h"

enum { BAD_BEFORE_LOGIN = 10, REPLY_MAX = 1000 };

/* ---- replies ---- */

/* Without memory: what a command has done must still be told truthfully. One line needs no room of its own. */
static APART int reply_poor(struct ftp *f, int code, struct span text)
{
    char word[8];
    struct buf b = BUF(word);

    if (span_find(text, '\n') >= 0 || span_find(text, (char)255) >= 0)
        return io_put(f->s->control, SPAN("451 Out of memory for this reply.\r\n"));
    buf_printf(&b, "%d ", code);
    TRY(io_put(f->s->control, buf_span(&b)));
    TRY(io_put(f->s->control, text));
    return io_put(f->s->control, SPAN("\r\n"));
}

int reply_span(struct ftp *f, int code, struct span text)
{
    struct buf b = { .cap = text.len + 16 };

    for (size_t i = 0; i < text.len; i++) /* a line begins with the code, a byte 255 is doubled */
        b.cap += text.at[i] == '\n' ? 8 : (unsigned char)text.at[i] == 255;
    b.at = arena_take(&f->s->scratch, b.cap);
    if (!b.at)
        return reply_poor(f, code, text);
    ftp_reply_print(&b, code, text);
    return io_put(f->s->control, buf_span(&b));
}

int reply(struct ftp *f, int code, const char *fmt, ...)
{
    char text[REPLY_MAX];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0)
        return -EINVAL;
    return reply_span(f, code, (struct span){ text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1 });
}

int reply_now(struct ftp *f)
{
    return io_flush(f->s->control);
}

int fail_with(struct ftp *f, int code, int rc)
{
    if (rc < 0)
        f->fail_code = code;
    return rc;
}

const char *show(struct ftp *f, struct span bytes)
{
    struct buf b = { .cap = bytes.len + 1 };

    b.at = arena_take(&f->s->scratch, b.cap);
    if (!b.at)
        return "(a long name)";
    text_plain(&b, bytes);
    return buf_cstr(&b);
}

const char *ftp_cwd(const struct ftp *f)
{
    return f->cwd ? f->cwd : "/";
}

const char *ftp_user(const struct ftp *f)
{
    return f->s->account ? f->s->account->name : f->user ? f->user : "";
}

int ftp_path(struct ftp *f, struct span arg, char **out)
{
    char *path = arena_take(&f->s->scratch, PATH_CAP);

    if (!path)
        return -ENOMEM;
    TRY(path_join(span_of(ftp_cwd(f)), arg, path, PATH_CAP));
    f->path = path;
    *out = path;
    return 0;
}

/* ---- the table ---- */

const struct ftp_row ftp_rows[] = {
#define FTP(verb, handler, flags, code, syntax, help) { verb, verb_##handler, flags, code, syntax, help },
#include "proto/ftp/ftp.def"
#undef FTP
};

const unsigned ftp_rows_count = sizeof ftp_rows / sizeof *ftp_rows;

const struct ftp_row *ftp_row_find(struct span verb)
{
    for (unsigned i = 0; i < ftp_rows_count; i++)
        if (span_ieq(verb, span_of(ftp_rows[i].verb)))
            return &ftp_rows[i];
    return NULL;
}

/* What an error amounts to, whatever the command; 0: what the command's row says. */
static int code_of(int rc)
{
    static const struct {
        int err, code;
    } codes[] = {
        { ENOENT, 550 },       { ENOTDIR, 550 }, { EACCES, 550 }, { EROFS, 550 },  { EINVAL, 501 },  { ENAMETOOLONG, 553 },
        { ERANGE, 554 },       { ENOSPC, 452 },  { EDQUOT, 552 }, { EFBIG, 552 },  { ENOMEM, 451 },  { EIO, 451 },
        { EMFILE, 451 },       { ENFILE, 451 },  { EBUSY, 450 },  { EAGAIN, 450 }, { ECANCELED, 421 },
        { ESTALE, 450 },
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].err == -rc)
            return codes[i].code;
    return 0;
}

/* Why, and what to do, for errors where the system's words do not help a user of the server. */
static const char *advice(const struct ftp *f, int rc)
{
    static const struct {
        int err;
        const char *text;
    } texts[] = {
        { EEXIST, "there is something of that name, and this account may not replace it; choose another name" },
        { EPERM, "that name cannot be used here; choose another" },
        { ERANGE, "the file is shorter than the offset or range that was asked for" },
        { ECANCELED, "the server is shutting down" },
        { EISDIR, "that is a folder" },
        { ESTALE, "the file changed while it was read; ask again" },
        { ENODATA, "the file became shorter while it was sent" },
        { EOPNOTSUPP, "REST and RANG work in TYPE I only" },
        { ENOTCONN, "no data connection was arranged; send EPSV, PASV, EPRT or PORT first" },
        { ECONNABORTED, "aborted, as you asked" },
        { ETIMEDOUT, "the data connection did not come, or stood still for too long" },
        { EADDRINUSE, "all ports for passive data connections are taken; try again in a moment. Operator: --passive MIN-MAX "
                      "takes a wider range" },
        { ENOKEY, "data travels encrypted here; say PROT P first" },
        { EKEYREJECTED, "the data connection has to resume the TLS session of the control connection" },
        { EPROTO, "TLS failed on the data connection" },
        { ENETRESET, "the data connection was cut without TLS being told (close_notify)" },
        { ENOTEMPTY, "the folder is not empty (hidden files count, too)" },
    };

    if (rc == -EACCES && f->s->account)
        return NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].err == -rc)
            return texts[i].text;
    return err_text(rc);
}

static int reply_failure(struct ftp *f, const struct ftp_row *row, int rc)
{
    int code = f->fail_code ? f->fail_code : code_of(rc);
    const char *text = advice(f, rc), *path = f->path ? show(f, span_of(f->path)) : "";

    if (!code)
        code = row->code;
    if (code == 421)
        f->over = true;
    if (!text)
        return reply(f, code, "%s: not allowed; here this account may %s, and the file's own permissions hold, too.", path,
                     rights_text(store_rights(&f->s->store, f->path ? f->path : "/")));
    return reply(f, code, "%s%s%s.", path, *path ? ": " : "", text);
}

/* ---- one command ---- */

/* REST, RANG and RNFR hold for the next command only (NULL: one that was not understood); what sets up a transfer may stand
 * between REST or RANG and the transfer. A RNFR that has just been said is not yet to be forgotten. */
static void forget(struct ftp *f, const struct ftp_row *row, const char *rename_from)
{
    if (!row || !(row->flags & KEEP)) {
        f->restart = f->allo = 0;
        f->range = (struct ftp_range){ 0 };
    }
    if (f->rename_from == rename_from) {
        free(f->rename_from);
        f->rename_from = NULL;
    }
}

/* Browsers can be tricked into sending commands in the body of a form: whoever does not speak FTP is not listened to. */
static APART int reject(struct ftp *f, int code, const char *text)
{
    forget(f, NULL, f->rename_from);
    if (!f->s->account && ++f->bad >= BAD_BEFORE_LOGIN) {
        f->over = true;
        return reply(f, 421, "Too many commands that make no sense; goodbye.");
    }
    return reply(f, code, "%s", text);
}

static const char *complaint(const struct ftp *f, const struct ftp_row *row, struct span arg, int *code)
{
    if ((row->flags & LOGIN) && !f->s->account) {
        *code = 530;
        return "Please log in first: USER, then PASS.";
    }
    *code = 501;
    return (row->flags & ARG) && !arg.len ? "This command needs an argument; HELP and its name tell which." : NULL;
}

static int run_row(struct ftp *f, const struct ftp_row *row, struct span arg)
{
    char *rename_from = f->rename_from;
    int rc;

    f->fail_code = 0;
    f->path = NULL;
    f->aborted = false;
    rc = row->run(f, arg);
    f->moving = NULL;
    seat_done(f->s->seat, rc >= 0, rt_now(f->s->task));
    forget(f, row, rename_from);
    if (rc < 0)
        rc = reply_failure(f, row, rc);
    if (f->aborted)
        rc = reply(f, 226, "Aborted.");
    return rc;
}

/* The line is copied: while a command runs, what comes behind it is heard, into the same buffer. */
static APART int dispatch(struct ftp *f, struct span said)
{
    struct span line = { arena_text(&f->s->scratch, said), said.len };
    struct ftp_cmd cmd;
    const struct ftp_row *row;
    const char *why;
    int rc, code;

    if (!line.at)
        return reject(f, 451, "Out of memory; nothing was done.");
    rc = ftp_cmd_parse(line, &cmd);
    if (!f->s->account && ftp_cmd_is_http(line)) {
        f->over = true;
        return reply(f, 421, "This is FTP, not HTTP; goodbye.");
    }
    if (rc == -EBADMSG)
        return reject(f, 501, "A command line cannot hold NUL or line end bytes.");
    row = rc < 0 ? NULL : ftp_row_find(span_of(cmd.verb));
    if (!row)
        return reject(f, 500, "Unknown command; HELP lists what is understood.");
    why = complaint(f, row, cmd.arg, &code);
    return why ? reject(f, code, why) : run_row(f, row, cmd.arg);
}

/* ---- the loop ---- */

static int64_t command_deadline(const struct ftp *f)
{
    int64_t when = f->s->account ? rt_after(f->s->task, f->s->server->conf->idle_timeout) : f->login_by;

    return when < f->ends ? when : f->ends;
}

static int next_line(struct ftp *f, struct span *out)
{
    struct io *control = f->s->control;
    char *line;
    size_t len;
    int rc;

    if (rt_now(f->s->task) >= f->ends) /* who never lets us wait has an end, too */
        return -ETIMEDOUT;
    io_deadline(control, command_deadline(f));
    if (!io_has_line(control))
        TRY(reply_now(f));
    TRY(rt_idle(f->s->task, true));
    rc = io_line(control, IO_LINE_MAX, &line, &len);
    rt_idle(f->s->task, false);
    TRY(rc);
    *out = (struct span){ line, ftp_telnet_strip(line, len) };
    return 0;
}

/* The end of a session that the client did not ask for. The line may be gone: then nobody reads it. */
static APART int farewell(struct ftp *f, int rc)
{
    io_deadline(f->s->control, rt_after(f->s->task, 5));
    if (rc == -ETIMEDOUT && rt_now(f->s->task) >= f->ends)
        reply(f, 421, "This session has lasted as long as one may; goodbye.");
    else if (rc == -ETIMEDOUT)
        reply(f, 421, f->s->account ? "No command for too long; goodbye." : "Nobody logged in in time; goodbye.");
    if (rc == -ECANCELED)
        reply(f, 421, "The server is shutting down; goodbye.");
    return rc;
}

static int serve(struct ftp *f)
{
    TRY(reply(f, 220, "dray: welcome."));
    while (!f->over) {
        struct span line;
        int rc;

        arena_reset(&f->s->scratch); /* before the wait: who waits holds no scratch */
        rc = next_line(f, &line);

        if (rc == -EMSGSIZE)
            rc = reject(f, 500, "The line is too long; nothing of it was used.");
        else if (rc == 0)
            rc = dispatch(f, line);
        if (rc < 0)
            return farewell(f, rc);
    }
    return 0;
}

static int greet_and_serve(struct ftp *f)
{
    if (f->protect)
        TRY(ftp_starttls(f));
    return serve(f);
}

static int run_as(struct session *s, bool tls)
{
    struct ftp f = {
        .s = s, .facts = (1u << FTP_FACTS) - 1, .data = { .lease.fd = -1 },
        .ascii = true, /* RFC 959 section 5.1; lftp relies on it and never says TYPE A */
        .ends = rt_after(s->task, s->server->conf->session_timeout),
        .login_by = rt_after(s->task, s->server->conf->login_timeout),
        .buffer_size_given = tls, .protect = tls,
    };
    int rc = greet_and_serve(&f);

    data_forget(&f);
    free(f.user);
    free(f.cwd);
    free(f.rename_from);
    free(f.partial_of);
    return rc;
}

static int run(struct session *s)
{
    return run_as(s, false);
}

static int run_tls(struct session *s)
{
    return run_as(s, true);
}

const struct service ftps_service = { .name = "ftps", .refuse = "", .banned = "", .run = run_tls };

const struct service ftp_service = {
    .name = "ftp", .banned = "421 Too many wrong passwords came from your address; try again later.\r\n",
    .refuse = "421 Too many clients, all of them or from your address; try again later.\r\n", .run = run,
};
