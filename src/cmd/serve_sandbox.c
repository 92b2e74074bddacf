/* serve_sandbox: whom `dray serve` works as, and what it gives up before its first client. Called by serve.c: serve_user when the
 * ports are bound, serve_sandbox when all is open, serve_sandbox_enter when all is said. Fails with a sentence on standard error
 * and -EINVAL; what the machine does not offer is said in the start-up line, and is a failure with `--sandbox require` only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "cmd/serve_impl.h"
#include "sys/proc.h"

/* ---- whom it works as ---- */

static int find_user(const struct conf *c, struct user *out)
{
    int rc = user_find(c->user, out);

    if (rc == -EINVAL)
        return serve_complain(_("--user: \"%s\" is not UID:GID (write 1000:1000)"), c->user);
    return rc < 0 ? serve_complain(_("--user: there is no user \"%s\" here (write a name of /etc/passwd, or UID:GID)"), c->user) : 0;
}

/* Root without a word about it becomes the owner of what he serves: what is stored should belong to him. */
static int choose_user(const struct conf *c, struct user *out)
{
    bool unsaid = !c->user && !c->memory;

    if (unsaid && c->pam && user_of_file(serve_folder(c), out) == 0 && out->uid == 0 && user_find("nobody", out) == 0)
        return 0;
    if (c->user)
        return find_user(c, out);
    if (c->memory && user_find("nobody", out) == 0)
        return 0;
    if (c->memory || user_of_file(serve_folder(c), out) < 0)
        user_self(out);
    return 0;
}

static unsigned kept(const struct serve_sandbox *s)
{
    return (s->locks ? USER_LOCKS : 0) | (s->users ? USER_CHANGES : 0);
}

static int become(const struct conf *c, const struct user *u, unsigned keep)
{
    int rc = user_become(u, keep);

    if (rc < 0)
        return serve_complain(_("cannot become user %s (%u:%u): %s"), u->name, u->uid, u->gid, _(err_text(rc)));
    if (!c->memory && !user_may_list(serve_folder(c)))
        return serve_complain(_("user %s (%u:%u) may not list %s or enter a folder above it: permission denied; --user NAME "
                              "chooses another one, --user root stays root"), u->name, u->uid, u->gid, serve_folder(c));
    return 0;
}

int serve_user(const struct conf *c, unsigned needs, struct serve_sandbox *out)
{
    struct user self;

    user_self(&self);
    out->was_root = user_is_root();
    if (out->was_root) {
        out->locks = !proc_raise_locked() && needs & SANDBOX_RING;
        out->users = c->pam;
        TRY(choose_user(c, &out->user));
        if (c->pam && out->user.uid == 0)
            return serve_complain(_("--pam: the server itself must not stay root; --user NAME says whom it works as"));
        return out->user.uid == 0 && !c->user ? 0 : become(c, &out->user, kept(out));
    }
    out->user = self;
    if (!c->user)
        return 0;
    TRY(find_user(c, &out->user));
    if (out->user.uid != self.uid)
        return serve_complain(_("--user %s: only root can become somebody else; start it as root, or leave it out"), c->user);
    return 0;
}

/* ---- the rules ---- */

static const struct {
    const char *word;
    bool off, debug, require;
} modes[] = { { .word = "on" }, { "off", .off = true }, { "require", .require = true }, { "debug", .debug = true } };

static int read_mode(const struct conf *c, struct serve_sandbox *out)
{
    const char *word = c->sandbox ? c->sandbox : "on";

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(word, modes[i].word) != 0)
            continue;
        out->off = modes[i].off;
        out->require = modes[i].require;
        out->sandbox.debug = modes[i].debug;
        return 0;
    }
    return serve_complain(_("--sandbox: \"%s\" is none of on, off, require, debug"), word);
}

/* What the accounts of a file may do can change while the server runs. */
static bool anyone_may_change(const struct auth *auth)
{
    unsigned rights = auth->allow_anonymous ? rights_any(&auth->anonymous.rights) : 0;

    for (unsigned i = 0; i < auth->n; i++)
        rights |= rights_any(&auth->account[i].rights);
    return auth->system || auth_users_folder(auth) || rights & ~(unsigned)RIGHTS_READ;
}

/* Where nobody may change anything, old partials are swept all the same. */
static void allow_folder(const struct serve_ground *g, const char *partials, struct sandbox *out)
{
    if (anyone_may_change(g->auth)) {
        sandbox_allow(out, (struct sandbox_rule){ .fd = g->storage->root, .access = SANDBOX_CHANGE });
        return;
    }
    sandbox_allow(out, (struct sandbox_rule){ .fd = g->storage->root, .access = SANDBOX_READ });
    sandbox_allow(out, (struct sandbox_rule){ .fd = -1, .path = partials, .access = SANDBOX_CHANGE });
}

/* A folder whose name finds no memory counts as one too many. */
static void allow_reading(void *arg, const char *folder)
{
    struct serve_sandbox *s = arg;

    for (unsigned i = 0; i < s->folders; i++)
        if (strcmp(s->folder[i], folder) == 0)
            return;
    if (s->folders < SERVE_FOLDERS && (s->folder[s->folders] = strdup(folder)))
        sandbox_allow(&s->sandbox, (struct sandbox_rule){ .fd = -1, .path = s->folder[s->folders++], .access = SANDBOX_READ });
    else
        s->crowded = true;
}

/* Each path that a running server opens. Who is alive is told by /proc/PID/stat, where claims are kept. */
static void allow_paths(const struct serve_ground *g, struct serve_sandbox *out)
{
    CLEANUP(free_text) char *name = serve_name(g->conf);

    if (!g->conf->memory) {
        snprintf(out->partials, sizeof out->partials, "%s/" STORE_OWN_PREFIX "partials", name ? name : ".");
        allow_folder(g, out->partials, &out->sandbox);
    }
    if (g->board >= 0)
        sandbox_allow(&out->sandbox, (struct sandbox_rule){ .fd = g->board, .access = SANDBOX_REMOVE });
    if (auth_users_folder(g->auth))
        allow_reading(out, auth_users_folder(g->auth));
    if (g->tls)
        tls_paths(g->tls, allow_reading, out);
    if (g->conf->memory || g->conf->quota.n)
        sandbox_allow(&out->sandbox, (struct sandbox_rule){ .fd = -1, .path = "/proc", .access = SANDBOX_READ });
}

static void refused(void *arg, const char *call, int number)
{
    const struct log *log = arg;
    struct log err = { .fd = 2 };

    LOG(log->fd < 0 ? &err : log, "sandbox-refused", LOG_TEXT("call", span_of(call)), LOG_NUMBER("number", number),
        LOG_TEXT("advice", SPAN("the sandbox does not allow this system call, and this process ends; please report it. "
                                "dray serve --sandbox off works without")));
}

/* ---- what is there and what is not ---- */

static const char *why(int rc)
{
    static const struct {
        int rc;
        const char *text;
    } reasons[] = { { -ENOSYS, N_("this kernel has none") }, { -EOPNOTSUPP, N_("it is switched off in this kernel") },
                    { -ERANGE, N_("this kernel's is too old") }, { -EPERM, N_("it is forbidden here, as in some containers") },
                    { -EINVAL, N_("this kernel has none, or it is forbidden here") },
                    { -EACCES, N_("it is forbidden here, as in some containers") }, { -EBADE, N_("it was tried and does not hold") },
                    { -ECANCELED, N_("a sanitizer writes its reports where it likes") } };

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].rc == rc)
            return _(reasons[i].text);
    return _(err_text(rc));
}

static void put(struct buf *b, const char *text)
{
    if (b->len)
        buf_text(b, ", ");
    buf_text(b, text);
}

/* One part: what it is called where it holds, and where it is missing. */
static void put_part(struct buf *have, struct buf *lack, int rc, const char *held, const char *missed)
{
    if (rc >= 0) {
        put(have, held);
        return;
    }
    put(lack, missed);
    buf_printf(lack, ": %s", why(rc));
}

static void describe(const struct sandbox_found *f, struct buf *have, struct buf *lack)
{
    char landlock[48], seccomp[48];

    snprintf(landlock, sizeof landlock, _("Landlock (version %d)"), f->landlock);
    snprintf(seccomp, sizeof seccomp, _("seccomp (%d system calls)"), f->seccomp);
    put_part(have, lack, f->privileges, _("no new privileges"), _("new privileges are possible"));
    put_part(have, lack, f->landlock, landlock, _("no Landlock"));
    put_part(have, lack, f->seccomp, seccomp, _("no seccomp"));
    if (f->dumps != 1)
        put_part(have, lack, f->dumps, _("no core dumps"), _("core dumps are possible"));
}

static int demand(const struct serve_sandbox *s)
{
    char held[300], missed[700];
    struct buf have = BUF(held), lack = BUF(missed);

    describe(&s->found, &have, &lack);
    if (!s->require || !lack.len)
        return 0;
    return serve_complain(_("--sandbox require, but %s; --sandbox on takes what this machine offers"), buf_cstr(&lack));
}

int serve_sandbox(const struct serve_ground *g, struct serve_sandbox *out)
{
    int rc;

    TRY(read_mode(g->conf, out));
    if (out->off)
        return 0;
    out->sandbox.needs = g->needs;
    out->sandbox.tell = refused;
    out->sandbox.arg = (void *)(uintptr_t)g->log;
    allow_paths(g, out);
    if (out->crowded)
        return serve_complain(_("certificates and keys lie in more than %d folders, which is more than the sandbox can let be read; put "
                              "them together, or serve with --sandbox off"), SERVE_FOLDERS);
    rc = sandbox_try(&out->sandbox, &out->found);
    if (rc < 0)
        return serve_complain(_("cannot try the sandbox: %s; --sandbox off serves without"), _(err_text(rc)));
    if (out->users && out->found.seccomp < 0)
        return serve_complain(_("--pam: seccomp is what keeps a session from becoming anybody else, and here is none: %s"), why(out->found.seccomp));
    return demand(out);
}

int serve_sandbox_enter(const struct serve_sandbox *s, struct priv *priv)
{
    int rc;

    if (s->off)
        return 0;
    rc = user_give_up(kept(s));
    if (rc == 0 && priv)
        rc = priv_watch(priv);
    if (rc == 0)
        rc = sandbox_enter(&s->sandbox, &s->found);
    return rc < 0 ? serve_complain(_("cannot enter the sandbox: %s; --sandbox off serves without"), _(err_text(rc))) : 0;
}

/* ---- the start-up lines ---- */

static void print_user(const struct serve_sandbox *s)
{
    const char *name = *s->user.name ? s->user.name : _("a user without a name");

    if (s->was_root && s->user.uid != 0)
        printf(_("It works as %s (%u:%u).\n"), name, s->user.uid, s->user.gid);
    else if (s->was_root)
        printf(_("It works as root; --user NAME is safer.\n"));
}

void serve_sandbox_print(const struct serve_sandbox *s)
{
    char held[300], missed[700];
    struct buf have = BUF(held), lack = BUF(missed);

    print_user(s);
    if (s->off) {
        printf(_("Sandbox: off.\n"));
        return;
    }
    describe(&s->found, &have, &lack);
    printf(_("Sandbox: %s%s%s.%s\n"), buf_cstr(&have), lack.len ? "; " : "", buf_cstr(&lack),
           s->sandbox.debug ? _(" Debuggers may look in.") : "");
}

void serve_sandbox_free(struct serve_sandbox *s)
{
    while (s->folders)
        free(s->folder[--s->folders]);
}
