/* http_auth: who a request is from: by its Authorization field (Basic, RFC 7617), or anybody. What has logged in a connection once is
 * not asked again while it is repeated and the account stays as it is. Wrong passwords are answered slowly and counted as FTP's are (obs/bans.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/http/http_who.h"
#include "wire/base64.h"

enum { GUESSES = 10, BASIC_MAX = 600 };

int http_unauthorized(struct http *h, const char *sentence)
{
    bool page = h->ask->json || span_starts(h->ask->head.field[HTTP_ACCEPT], SPAN("text/html"));

    h->over |= auth_changed(h->s->server->auth); /* nobody else can log in here */
    /* for Basic a browser would put its own question before the page's */
    http_field(h, page ? "WWW-Authenticate: Cookie realm=\"dray\"" : "WWW-Authenticate: Basic realm=\"dray\", charset=\"UTF-8\"");
    return http_say(h, 401, "%s", sentence);
}

/* ---- logging in ---- */

static int become(struct http *h)
{
    int rc = auth_become(h->s->server->auth, h->s->account);

    if (rc < 0)
        session_unable(h->s, span_of(h->s->account->name), rc);
    return rc;
}

/* What it takes to become this account; 1: it was answered that this cannot be. */
int http_enter(struct http *h, const struct account *account)
{
    int rc;

    if (auth_changed(h->s->server->auth)) {
        account_drop(&account);
        return http_misdirected(h);
    }
    rc = session_login(h->s, account);
    if (rc == 0)
        rc = become(h);
    if (rc == -ECANCELED || rc == 0)
        return rc;
    h->over = true;
    if (rc == -EUSERS)
        return http_say(h, 503, "Too many sessions of this account; try again later."), 1;
    return http_say(h, 503, "This account's folder is not there, or it cannot log in at the moment."), 1;
}

static int refuse(struct http *h, struct span name)
{
    struct ban_verdict v = session_failed(h->s, name);

    seat_count(h->s->seat, STAT_failed_logins);
    LOG(h->s->server->log, "login-failed", LOG_TEXT("peer", span_of(h->s->peer)), LOG_TEXT("user", name));
    if (v.banned)
        LOG(h->s->server->log, "ban", LOG_TEXT("peer", span_of(h->s->peer)), LOG_NUMBER("failures", v.failures),
            LOG_NUMBER("seconds", v.banned / RT_SECONDS(1)));
    TRY(rt_sleep(h->s->task, rt_after(h->s->task, v.delay)));
    h->over |= v.banned || ++h->guesses >= GUESSES;
    TRY(http_unauthorized(h, "Wrong name or password."));
    return 1;
}

int http_check(struct http *h, struct span name, struct span password)
{
    const struct account *account;
    unsigned delay;
    int rc;

    if (auth_changed(h->s->server->auth))
        return http_misdirected(h);
    if (session_banned(h->s)) {
        h->over = true;
        TRY(http_say(h, 403, "Too many wrong passwords came from your address; try again later."));
        return 1;
    }
    rc = auth_check(h->s->server->auth, h->s->task, name, password, h->s->peer, &account);
    if (rc == -EACCES)
        return refuse(h, name);
    if (rc < 0)
        return http_system_unknown(h, name, rc);
    delay = session_passed(h->s, name);
    rc = delay ? rt_sleep(h->s->task, rt_after(h->s->task, delay)) : 0;
    if (rc < 0)
        account_drop(&account);
    TRY(rc);
    rc = http_enter(h, account);
    if (rc == 0)
        LOG(h->s->server->log, "login", LOG_TEXT("peer", span_of(h->s->peer)), LOG_TEXT("user", name));
    return rc;
}

void http_forget(struct http *h)
{
    if (h->passed)
        explicit_bzero(h->passed, strlen(h->passed));
    free(h->passed);
    h->passed = NULL;
}

static int log_in(struct http *h, struct span field)
{
    char words[BASIC_MAX];
    struct span rest = field, name;
    int len, rc;

    if (!span_ieq(span_cut(&rest, ' '), SPAN("Basic")) || (len = base64_text(span_trim(rest), words, sizeof words)) < 0)
        return http_say(h, 400, "This Authorization is not understood; only Basic is."), 1;
    rest = (struct span){ words, (size_t)len };
    name = span_cut(&rest, ':');
    http_forget(h);
    rc = name.len > ACCOUNT_NAME_MAX ? refuse(h, SPAN("(too long)")) : http_check(h, name, rest);
    explicit_bzero(words, sizeof words);
    if (rc == 0)
        h->passed = span_dup(field);
    return rc;
}

/* Who can log in may do so: nobody who poses as us knows a password. */
static int refuse_posed(struct http *h)
{
    static const char why[] = "Strangers come in by this server's address, by https, or by a name that it was told (--http-host): "
                              "else any site could pose as it.";
    const struct auth *auth = h->s->server->auth;

    LOG(h->s->server->log, "unknown-host", LOG_TEXT("peer", span_of(h->s->peer)), LOG_TEXT("host", h->ask->head.field[HTTP_HOST]));
    TRY(auth->n || auth->system || auth->file ? http_unauthorized(h, why) : http_say(h, 421, "%s", why));
    return 1;
}

static int be_stranger(struct http *h)
{
    const struct auth *auth = h->s->server->auth;

    if (!auth->allow_anonymous) {
        session_login(h->s, NULL);
        http_forget(h);
        TRY(http_unauthorized(h, "Log in, please."));
        return 1;
    }
    if (http_posed(h))
        return refuse_posed(h);
    if (h->s->account == &auth->anonymous)
        return 0;
    http_forget(h);
    return http_enter(h, &auth->anonymous);
}

/* By a cookie; -EACCES: there is none that holds. */
static int be_known(struct http *h)
{
    struct span token = http_cookie(h);
    const struct account *account;
    int rc;

    if (span_starts(token, SPAN(HTTP_SYSTEM_TOKEN)))
        return http_system_who(h, span_from(token, 1));
    if (token.len && auth_changed(h->s->server->auth))
        return http_misdirected(h);
    rc = http_cookie_account(h, &account);
    if (rc)
        return rc < 0 ? rc : 0;
    http_forget(h);
    return http_enter(h, account);
}

/* Is what has logged in this connection repeated, and does it still hold? An account of the file is another one once that has
 * changed. A system user's process is his for good, and PAM is asked once for each. */
static int same_again(struct http *h, struct span field)
{
    const struct auth *auth = h->s->server->auth;
    const struct account *now = h->s->account, *found = NULL;
    int rc;

    if (!h->passed || !now || !span_eq(field, span_of(h->passed)))
        return false;
    if (now->system || now == &auth->anonymous)
        return true;
    rc = auth_find(auth, h->s->task, span_of(now->name), &found);
    if (rc < 0)
        return rc == -EACCES ? false : rc;
    rc = found == now;
    account_drop(&found);
    return rc;
}

int http_who(struct http *h)
{
    struct span field = h->ask->head.field[HTTP_AUTHORIZATION];
    int rc;

    h->s->store.less = 0; /* the request before may have come by a link */
    rc = field.at ? 0 : be_known(h);
    if (!field.at)
        return rc == -EACCES ? be_stranger(h) : rc;
    rc = same_again(h, field);
    return rc ? rc < 0 ? rc : 0 : log_in(h, field);
}
