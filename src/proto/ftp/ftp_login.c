/* ftp_login: who the client is: USER PASS ACCT REIN QUIT (RFC 959 section 4.1.1), HOST (RFC 7151). Wrong passwords are
 * answered slowly and ten of them end the session (RFC 2577 section 5); the reply never tells whether the name exists. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "proto/ftp/ftp.h"

enum { GUESSES = 10, RIGHTS_ROOM = 1000 };

static int hang_up(struct ftp *f)
{
    f->over = true;
    return reply(f, 421, "Too many wrong passwords; goodbye.");
}

static int refuse(struct ftp *f)
{
    struct ban_verdict v = session_failed(f->s, span_of(f->user));

    seat_count(f->s->seat, STAT_failed_logins);
    LOG(f->s->server->log, "login-failed", LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("user", span_of(f->user)));
    if (v.banned)
        LOG(f->s->server->log, "ban", LOG_TEXT("peer", span_of(f->s->peer)), LOG_NUMBER("failures", v.failures),
            LOG_NUMBER("seconds", v.banned / RT_SECONDS(1)));
    TRY(rt_sleep(f->s->task, rt_after(f->s->task, v.delay)));
    return v.banned || ++f->guesses >= GUESSES ? hang_up(f) : reply(f, 530, "Wrong name or password.");
}

/* 421, so that clients know it for a state that passes; the words are those by which lftp knows that fewer connections will do. */
static APART int turn_away(struct ftp *f)
{
    seat_count(f->s->seat, STAT_refused);
    LOG(f->s->server->log, "refused", LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("user", span_of(ftp_user(f))),
        LOG_TEXT("why", SPAN("too many sessions of this account")));
    f->over = true;
    return reply(f, 421, "Too many sessions of this account; end one of them, or try again later.");
}

/* The account exists, but not the folder that is all it may see. */
static APART int refuse_homeless(struct ftp *f, int rc)
{
    LOG(f->s->server->log, "no-home", LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("user", span_of(ftp_user(f))),
        LOG_TEXT("why", span_of(err_text(rc))));
    return reply(f, 530, "Your folder is not there, or cannot be entered; only the operator can mend that.");
}

/* 232: no password was needed (RFC 2228 section 5.2). */
static int welcome(struct ftp *f, int code)
{
    struct buf b = { .cap = RIGHTS_ROOM };

    if (code == 232)
        LOG(f->s->server->log, "login", LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("user", span_of(ftp_user(f))),
            LOG_TEXT("by", SPAN("certificate")));
    else
        LOG(f->s->server->log, "login", LOG_TEXT("peer", span_of(f->s->peer)), LOG_TEXT("user", span_of(ftp_user(f))));
    free(f->user);
    f->user = NULL;
    b.at = arena_take(&f->s->scratch, b.cap);
    if (!b.at)
        return -ENOMEM;
    rights_print(&b, &f->s->account->rights);
    return reply(f, code, "%s; you may %s.", code == 232 ? "Your certificate has logged you in" : "Logged in", buf_cstr(&b));
}

/* The account is right, and yet its session cannot be: nothing is certain then but that it ends. */
static APART int refuse_unable(struct ftp *f, int rc)
{
    session_unable(f->s, span_of(ftp_user(f)), rc);
    f->over = true;
    return reply(f, 421, "System users cannot log in at the moment; try again later, or ask the operator.");
}

/* Who works under his own uid cannot become another. */
static APART int refuse_change(struct ftp *f)
{
    return reply(f, 503, "This session works as its user to the end; connect anew to log in as another.");
}

static int enter(struct ftp *f, const struct account *account, int code)
{
    int rc = session_login(f->s, account), became = rc == 0 ? auth_become(f->s->server->auth, f->s->account) : 0;

    f->user_given = false;
    if (rc == -ECANCELED)
        return rc;
    if (rc == -EUSERS)
        return turn_away(f);
    if (became < 0)
        return refuse_unable(f, became);
    return rc < 0 ? refuse_homeless(f, rc) : welcome(f, code);
}

static void leave(struct ftp *f)
{
    session_login(f->s, NULL);
    free(f->cwd);
    f->cwd = NULL;
}

int verb_user(struct ftp *f, struct span arg)
{
    const struct account *account;
    bool known;

    if (auth_changed(f->s->server->auth))
        return refuse_change(f);
    if (arg.len > ACCOUNT_NAME_MAX)
        return reply(f, 501, "That name is too long.");
    if (f->s->server->rules.login && !io_is_tls(f->s->control))
        return reply(f, 530, "Passwords travel encrypted here; AUTH TLS first.");
    leave(f);
    free(f->user);
    f->user = span_dup(arg);
    if (!f->user)
        return -ENOMEM;
    f->user_given = true;
    known = io_peer_is(f->s->control, arg);
    if (known && session_banned(f->s)) /* perhaps since it connected */
        return hang_up(f);
    if (known) {
        int rc = auth_find(f->s->server->auth, f->s->task, arg, &account);

        if (rc != -EACCES)
            return rc < 0 ? rc : enter(f, account, 232);
    }
    if (auth_is_anonymous(arg) && f->s->server->auth->allow_anonymous)
        return reply(f, 331, "Any password will do.");
    return reply(f, 331, "Password, please.");
}

/* Who gives any password has guessed none; for a name that is being guessed, right and wrong take their time alike. */
static int passed(struct ftp *f)
{
    unsigned delay = auth_is_anonymous(span_of(f->user)) ? 0 : session_passed(f->s, span_of(f->user));

    return delay ? rt_sleep(f->s->task, rt_after(f->s->task, delay)) : 0;
}

int verb_pass(struct ftp *f, struct span arg)
{
    const struct account *account;
    int rc;

    if (!f->user_given)
        return reply(f, 503, "Say USER first.");
    f->user_given = false;
    if (session_banned(f->s))
        return hang_up(f);
    rc = auth_check(f->s->server->auth, f->s->task, span_of(f->user), arg, f->s->peer, &account);
    if (rc == -EACCES)
        return refuse(f);
    if (rc == -EPIPE || rc == -EBUSY || rc == -ETIMEDOUT)
        return refuse_unable(f, rc);
    TRY(rc);
    rc = passed(f);
    if (rc < 0)
        account_drop(&account);
    return rc < 0 ? rc : enter(f, account, 230);
}

int verb_acct(struct ftp *f, struct span arg)
{
    (void)arg;
    return reply(f, 202, "No account is needed here.");
}

int verb_rein(struct ftp *f, struct span arg)
{
    (void)arg;
    if (auth_changed(f->s->server->auth))
        return refuse_change(f);
    leave(f);
    data_forget(f);
    f->epsv_all = f->user_given = f->buffer_size_given = f->protect = false;
    f->ascii = true;
    f->hash = SUM_SHA256;
    f->login_by = rt_after(f->s->task, f->s->server->conf->login_timeout);
    return reply(f, 220, "Logged out; USER logs in again.");
}

int verb_quit(struct ftp *f, struct span arg)
{
    (void)arg;
    f->over = true;
    return reply(f, 221, "Goodbye.");
}

int verb_host(struct ftp *f, struct span arg)
{
    (void)arg; /* there is one library, whatever name it is known by */
    if (f->s->account)
        return reply(f, 503, "HOST comes before USER.");
    return reply(f, 220, "This is dray.");
}
