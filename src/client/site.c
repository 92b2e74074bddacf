/* site: see site.h. Called by the crew's workers, each for a connection of its own; owns nothing but what the struct holds. The
 * first login asks what the server can do and where it begins; the others take that over, which saves them round trips. Fails
 * with the sentence of the step that failed. RFC 959 section 5.4 for the sequence. */
#include "client/site.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "client/remember.h"
#include "client/ui.h"
#include "sys/clock.h"

enum { NOTED_DAYS = 30 };

static int cannot_connect(const struct site *s, int rc, struct failure *why)
{
    struct shown host;

    failure_set(why, rc == -ECANCELED ? OUT_INTERRUPTED : OUT_CONNECT, _("cannot connect to %s port %u: %s"),
                shown(&host, span_of(s->where.host)), s->where.port, rc == -ENOENT ? _("there is no such host") : _(err_text(rc)));
    return rc;
}

int site_resolve(struct site *s, struct failure *why)
{
    int rc = resolve_host(s->where.host, s->where.port, &s->found);

    return rc < 0 ? cannot_connect(s, rc, why) : 0;
}

/* The addresses of the host in turn; the last failure is the one told. */
static int connect_any(struct site *s, struct rt_task *task, struct ftpc **out, struct failure *why)
{
    int rc = -EHOSTUNREACH;

    for (unsigned i = 0; i < s->found.count && rc != -ECANCELED; i++) {
        rc = ftpc_connect(task, &s->found.at[i], s->how, out);
        if (rc == 0)
            return 0;
    }
    return cannot_connect(s, rc, why);
}

static int greet(struct site *s, struct ftpc *ftp, struct failure *why)
{
    int rc = ftpc_greeting(ftp);

    if (rc < 0) {
        failure_there(why, ftp, _("connect to"), span_of(s->where.host), rc);
        why->out = rc == -ECANCELED ? OUT_INTERRUPTED : OUT_CONNECT;
    }
    return rc;
}

static const char *user_of(const struct site *s)
{
    return s->where.has_user ? s->where.user : "anonymous";
}

static int log_in(struct site *s, struct ftpc *ftp, struct failure *why)
{
    struct span user = span_of(user_of(s));
    int rc = ftpc_user(ftp, user);

    if (rc == 1 && s->where.has_user && !s->where.has_password) {
        failure_set(why, OUT_USAGE, _("the server wants a password: use --password-file FILE"));
        return -EINVAL;
    }
    if (rc == 1)
        rc = ftpc_password(ftp, s->where.has_user ? span_of(s->where.password) : SPAN("anonymous@"));
    if (rc < 0)
        failure_there(why, ftp, _("log in as"), user, rc);
    if (rc == -EACCES || rc == -ENOENT)
        why->out = OUT_LOGIN;
    return rc;
}

/* ---- what is known of it ---- */

static const char NOTED[] = "one_by_one";

/* Servers are changed: what was noted is tried again some day. */
static bool is_noted(const struct target *t, int64_t today)
{
    char text[40];
    struct buf b = BUF(text);
    uint64_t day;

    remember_look(NOTED, t, &b);
    return b.len && span_u64(buf_span(&b), INT64_MAX, &day) == 0 && today - (int64_t)day < NOTED_DAYS;
}

static int64_t today(void)
{
    return clock_wall() / 86400;
}

static void distrust(struct site *s)
{
    char text[24];
    struct buf b = BUF(text);

    buf_number(&b, (uint64_t)today(), 10, 1, ' ');
    remember_note(NOTED, &s->where, buf_cstr(&b));
    s->apart = true;
    s->can.pipe = false;
    s->tell(s->tell_arg, span_of(s->where.host), _("it does not keep commands that come early: one by one from now on (noted)"));
}

/* A server that does not say where it begins gets relative names. */
static int learn(struct site *s, struct ftpc *ftp)
{
    struct buf b = { .at = s->home, .cap = sizeof s->home };
    int rc;

    s->apart |= is_noted(&s->where, today());
    rc = ftpc_learn(ftp, &s->can, !s->apart, &b);
    TRY(rc);
    if (b.over || !span_starts(buf_span(&b), SPAN("/")))
        b = (struct buf){ .at = s->home, .cap = sizeof s->home };
    buf_cstr(&b);
    s->trip = ftpc_round_trip(ftp);
    s->known = true;
    return 0;
}

static int secure(struct site *s, struct ftpc *ftp, struct failure *why)
{
    char text[400];
    struct buf note = BUF(text);
    int rc = secure_begin(s->secure, ftp, &s->where, &note, why);

    if (note.len)
        s->tell(s->tell_arg, span_of(s->where.host), buf_cstr(&note));
    return rc;
}

/* TLS comes before the greeting (ftps) or after it. */
static int meet(struct site *s, struct ftpc *ftp, struct failure *why)
{
    if (s->where.tls)
        TRY(secure(s, ftp, why));
    TRY(greet(s, ftp, why));
    return s->where.tls ? 0 : secure(s, ftp, why);
}

/* Is data encrypted as wanted? What is to be told of it is told once. */
static int check(struct site *s, struct ftpc *ftp, bool first, struct failure *why)
{
    char text[200];
    struct buf note = BUF(text);
    int rc = secure_check(s->secure, ftp, &s->where, &note, why);

    if (note.len && first)
        s->tell(s->tell_arg, span_of(s->where.host), buf_cstr(&note));
    return rc;
}

static int prepare(struct site *s, struct ftpc *ftp, struct failure *why)
{
    bool first = !s->known;
    int rc = s->known ? ftpc_prepare_as(ftp, &s->can) : learn(s, ftp);

    if (rc == -EAGAIN)
        return rc;
    if (rc < 0) {
        failure_there(why, ftp, _("prepare"), span_of(_("transfers")), rc);
        return rc;
    }
    return check(s, ftp, first, why);
}

/* ---- once more at a server that is known ---- */

static bool at_once(const struct site *s)
{
    return s->known && s->can.pipe && !s->apart && !s->steps;
}

/* dray keeps what comes before its greeting; where TLS may come first, nothing does. */
static bool before_greeting(const struct site *s)
{
    return at_once(s) && s->can.atomic && s->secure->mode == SECURE_OFF && !s->where.tls;
}

static int say_login(struct site *s, struct ftpc *ftp)
{
    return ftpc_join_say(ftp, &s->can, span_of(user_of(s)), s->where.has_user ? span_of(s->where.password) : SPAN("anonymous@"));
}

/* A login that went well once, with all that follows it in one go: of a helper's round trips to its first byte, half. */
static int join(struct site *s, struct ftpc *ftp, struct failure *why)
{
    bool said = before_greeting(s);
    int rc = said ? say_login(s, ftp) : 0;

    if (rc == 0)
        TRY(meet(s, ftp, why));
    if (rc == 0 && !said)
        rc = say_login(s, ftp);
    if (rc == 0)
        rc = ftpc_join_hear(ftp);
    if (rc < 0)
        failure_there(why, ftp, _("log in as"), span_of(user_of(s)), rc);
    if (rc == -EACCES || rc == -ENOENT)
        why->out = OUT_LOGIN;
    return rc < 0 ? rc : check(s, ftp, false, why);
}

/* The first login, or one at a server that is not known to keep what comes early. */
static int enter(struct site *s, struct ftpc *ftp, struct failure *why)
{
    TRY(meet(s, ftp, why));
    TRY(log_in(s, ftp, why));
    return prepare(s, ftp, why);
}

static bool mentions_any(struct span text, const char *const *words)
{
    while (*words && !span_mentions(text, span_of(*words)))
        words++;
    return *words;
}

/* 421 at any moment of it, 530 where the same login has worked before, or whose words say so: not us, but so many of us. That there
 * were too many wrong passwords is another thing: to try again makes it worse. */
static bool says_full(const struct site *s, const struct ftpc *ftp, const struct failure *why)
{
    static const char *const crowd[] = { "too many", "maximum", "limit reached", "try again later", "try later", NULL };
    static const char *const guesses[] = { "password", "fail", "attempt", "incorrect", NULL };
    struct span words = ftpc_words(ftp);

    if (why->reply != 421 && why->reply != 530)
        return false;
    return s->known || (!mentions_any(words, guesses) && (why->reply == 421 || mentions_any(words, crowd)));
}

static int begin(struct site *s, struct rt_task *task, struct ftpc **out, bool *full, struct failure *why)
{
    CLEANUP(ftpc_drop) struct ftpc *ftp = NULL;
    int rc = connect_any(s, task, &ftp, why);

    *full = false;
    if (rc == 0)
        rc = at_once(s) ? join(s, ftp, why) : enter(s, ftp, why);
    if (rc < 0) {
        why->full = ftp && says_full(s, ftp, why);
        *full = why->full && s->open;
        return rc;
    }
    s->open++;
    *out = ftp;
    ftp = NULL;
    return 0;
}

/* A server that was tried and did not bear it is met again, one command at a time. Only if that goes well was it the trial. One that
 * keeps commands, but not those of a login, is logged in to step by step from then on. */
int site_connect(struct site *s, struct rt_task *task, struct ftpc **out, bool *full, struct failure *why)
{
    bool whole = at_once(s);
    int rc = begin(s, task, out, full, why);

    if (rc == -ENOTCONN && whole && !*full) {
        s->steps = true;
        return begin(s, task, out, full, why);
    }
    if (rc != -EAGAIN)
        return rc;
    s->apart = true;
    rc = begin(s, task, out, full, why);
    s->apart = false;
    if (rc == 0)
        distrust(s);
    return rc;
}

void site_leave(struct site *s, struct rt_task *task, struct ftpc **ftp)
{
    if (!*ftp)
        return;
    s->open--;
    if (ftpc_was_ahead(*ftp) && !s->apart)
        distrust(s);
    if (task->cancelled)
        ftpc_drop(ftp);
    else
        ftpc_quit(ftp);
}

int site_path(const struct site *s, struct span path, char *out, size_t cap)
{
    int n = path_join(*s->home ? span_of(s->home) : SPAN("/"), path, out, cap);

    TRY(n);
    if (!*s->home && n > 1 && !span_starts(path, SPAN("/")))
        memmove(out, out + 1, (size_t)n);
    return 0;
}

bool site_is(const struct site *s, const struct target *t)
{
    const struct target *w = &s->where;

    return w->port == t->port && w->tls == t->tls && strcmp(w->host, t->host) == 0 && w->has_user == t->has_user &&
           w->has_password == t->has_password && strcmp(w->user, t->user) == 0 && strcmp(w->password, t->password) == 0;
}
