/* asked: see asked.h. Called by the commands of the client; owns nothing. Mistakes are told in one line on the error stream and
 * by exit code 2. A password comes, in this order, from --password-file, the address, $DRAY_PASSWORD and the netrc file; whoever
 * still has none asks a person. */
#include "cmd/asked.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "client/bookmark.h"
#include "sys/local.h"
#include "wire/netrc.h"

static int set_user(void *to, const char *value)
{
    struct asked *a = to;

    if (strlen(value) >= sizeof a->user)
        return OUT_USAGE;
    strcpy(a->user, value);
    a->has_user = true;
    return ARGS_GO;
}

static int told(struct span name, int rc)
{
    struct failure f;

    failure_here(&f, name, rc);
    fprintf(stderr, "dray: %s\n", f.text);
    return f.out;
}

static int set_password_file(void *to, const char *value)
{
    struct asked *a = to;
    int rc = local_first_line(value, a->password, sizeof a->password);

    if (rc < 0)
        return told(span_of(value), rc);
    a->has_password = true;
    return ARGS_GO;
}

static int set_active(void *to, const char *value)
{
    (void)value;
    ((struct asked *)to)->how.active = true;
    return ARGS_GO;
}

static int set_passive(void *to, const char *value)
{
    (void)value;
    ((struct asked *)to)->how.passive = true;
    return ARGS_GO;
}

static int set_timeout(void *to, const char *value)
{
    uint64_t n;

    if (span_u64(span_of(value), 86400, &n) < 0 || n == 0) {
        fprintf(stderr, _("dray: --timeout wants seconds, 1 to 86400\n"));
        return OUT_USAGE;
    }
    ((struct asked *)to)->how.patience = (unsigned)n;
    return ARGS_GO;
}

static int set_tls(void *to, const char *value)
{
    static const char *const words[] = { "prefer", "require", "off" };

    for (unsigned i = 0; i < 3; i++)
        if (strcmp(value, words[i]) == 0) {
            ((struct asked *)to)->secure.mode = (enum secure_mode)i;
            return ARGS_GO;
        }
    fprintf(stderr, _("dray: --tls wants prefer, require or off\n"));
    return OUT_USAGE;
}

static int set_cacert(void *to, const char *value)
{
    ((struct asked *)to)->secure.cacert = value;
    return ARGS_GO;
}

static int set_pin(void *to, const char *value)
{
    if (strlen(value) != 3 * 32 - 1) {
        fprintf(stderr, _("dray: --pin wants the SHA-256 of a certificate, as 32 pairs of digits with colons between\n"));
        return OUT_USAGE;
    }
    ((struct asked *)to)->secure.pin = value;
    return ARGS_GO;
}

static int set_insecure(void *to, const char *value)
{
    (void)value;
    ((struct asked *)to)->secure.insecure = true;
    return ARGS_GO;
}

static int set_quiet(void *to, const char *value)
{
    (void)value;
    ((struct asked *)to)->quiet = true;
    return ARGS_GO;
}

const struct args_row asked_rows[] = {
    { 'u', "user", "NAME", N_("log in as NAME (default: anonymous); the password is asked for"), set_user },
    { 0, "password-file", "FILE", N_("take the password from the first line of FILE"), set_password_file },
    { 0, "tls", "prefer|require|off", N_("prefer: encrypt where the server offers it (default)"), set_tls },
    { 0, "cacert", "FILE", N_("believe who these certificates (PEM) vouch for, not the system's"), set_cacert },
    { 0, "pin", "SHA256", N_("believe this certificate only, and note it"), set_pin },
    { 0, "insecure", NULL, N_("believe any certificate: encrypted, but perhaps to somebody else"), set_insecure },
    { 0, "active", NULL, N_("let the server connect to this computer for each transfer (PORT), if it can"), set_active },
    { 0, "passive", NULL, N_("never that: else it is tried when this computer cannot connect to the server's ports"), set_passive },
    { 0, "timeout", "SECONDS", N_("give up when nothing comes for so long (default: 60)"), set_timeout },
    { 'q', "quiet", NULL, N_("results and errors only: no progress, no word of the server"), set_quiet },
    { .name = NULL },
};

/* ---- the address ---- */

static const char *why_not(int rc)
{
    static const struct {
        int rc;
        const char *why;
    } rows[] = {
        { -EINVAL, N_("this is no address") },
        { -ERANGE, N_("there is no such port: they go from 1 to 65535") },
        { -EPROTONOSUPPORT, N_("only ftp:// and ftps:// are spoken here") },
        { -ENOENT, N_("there is no such bookmark (dray bookmark list shows them)") },
        { -EACCES, N_("this bookmark holds a password, which belongs into ~/.netrc (dray bookmark add writes it anew)") },
    };

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].rc == rc)
            return _(rows[i].why);
    return _(err_text(rc));
}

static int parse(char *arg, struct target *out)
{
    struct shown safe;
    int rc = *arg == '@' ? bookmark_target(span_of(arg + 1), out) : target_parse(span_of(arg), out);

    if (rc == 0)
        return 0;
    args_wipe_password(arg);
    fprintf(stderr, "dray: %s: %s\n", shown(&safe, span_of(arg)), why_not(rc));
    return rc;
}

/* The file is read only when nobody else can: ftp(1) says so, too. */
static int read_netrc(char **text)
{
    const char *named = getenv("NETRC"), *home = getenv("HOME");
    char path[600];
    struct buf b = BUF(path);

    buf_text(&b, named && *named ? named : home ? home : "");
    if (!(named && *named))
        buf_text(&b, "/.netrc");
    return local_secret(buf_cstr(&b), text);
}

static void ask_netrc(struct target *t)
{
    CLEANUP(free_text) char *text = NULL;
    struct netrc found;
    int rc = read_netrc(&text);

    if (rc == -EPERM)
        fprintf(stderr, _("dray: the netrc file is not used: others can read it (chmod 600)\n"));
    if (rc < 0 || netrc_find(span_of(text), span_of(t->host), span_of(t->user), &found) < 0)
        return;
    if (!t->has_user && *found.login) {
        strcpy(t->user, found.login);
        t->has_user = true;
    }
    if (*found.password && t->has_user) {
        strcpy(t->password, found.password);
        t->has_password = true;
    }
}

static void find_password(struct target *t)
{
    const char *env = getenv("DRAY_PASSWORD");

    if (t->has_user && env && strlen(env) < sizeof t->password) {
        strcpy(t->password, env);
        t->has_password = true;
    }
    if (!t->has_password)
        ask_netrc(t);
}

int asked_target(const struct asked *a, char *arg, struct target *out)
{
    if (parse(arg, out) < 0)
        return OUT_USAGE;
    if (a->has_user)
        strcpy(out->user, a->user);
    if (out->has_password)
        args_wipe_password(arg);
    if (a->has_password)
        strcpy(out->password, a->password);
    out->has_user |= a->has_user;
    out->has_password |= a->has_password;
    if (!out->has_password)
        find_password(out);
    return ARGS_GO;
}
