/* auth: the accounts of the command line, everybody's, and the way to those of the file (see auth.h). Called by the front door
 * once and by sessions at login; owns nothing beyond the struct. */
#include "auth/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_impl.h"
#include "base/cleanup.h"
#include "base/say.h"
#include "sys/digest.h"

static int bad_account(struct span name, const char *what, struct span word, struct buf *err)
{
    buf_printf(err, _("--account %.*s:...: %s%.*s; write NAME:PASSWORD or NAME:PASSWORD:RIGHTS with rights none, drop, read, add "
                      "or write, and others for folders, as read,/in=add"), SPAN_ARG(name), _(what), SPAN_ARG(word));
    return -EINVAL;
}

/* "NAME:PASSWORD[:RIGHTS]". What follows a second colon must be a right: a slip there must not become a password. A password
 * that holds colons needs its rights written behind it. */
static int add_account(struct auth *a, const char *text, struct buf *err)
{
    struct span rest = span_of(text), name = span_cut(&rest, ':');
    struct account *new = &a->account[a->n];
    ptrdiff_t last = span_rfind(rest, ':');

    new->rights.base = RIGHTS_ADD;
    if (!name.len || name.len > ACCOUNT_NAME_MAX || auth_is_anonymous(name))
        return bad_account(name, N_("the name is empty, too long or that of the anonymous account"), SPAN(""), err);
    if (last >= 0 && rights_parse(span_from(rest, (size_t)last + 1), &new->rights) < 0)
        return bad_account(name, N_("no right is called "), span_from(rest, (size_t)last + 1), err);
    if (last >= 0)
        rest.len = (size_t)last;
    if (!rest.len)
        return bad_account(name, N_("the password is missing"), SPAN(""), err);
    memcpy(new->name, name.at, name.len);
    new->secret = span_dup(rest);
    if (!new->secret)
        return -ENOMEM;
    a->n++;
    return 0;
}

static int contradiction(struct buf *err)
{
    buf_text(err, _("--anonymous, --no-anonymous, --read-only, --writable and --drop each say what strangers may do; choose one"));
    return -EINVAL;
}

static int set_anonymous(struct auth *a, const struct conf *c, struct buf *err)
{
    const char *word = c->writable ? "write" : c->read_only ? "read" : c->drop ? "drop" : c->anonymous ? c->anonymous : "add";

    strcpy(a->anonymous.name, "anonymous");
    a->allow_anonymous = !c->no_anonymous && strcmp(word, "off") != 0;
    if (c->read_only + c->writable + c->drop > 1 || (c->drop && c->no_anonymous))
        return contradiction(err);
    if (c->anonymous && (c->read_only || c->writable || c->drop || c->no_anonymous))
        return contradiction(err);
    if (!a->allow_anonymous || rights_parse(span_of(word), &a->anonymous.rights) == 0)
        return 0;
    buf_printf(err, _("--anonymous: \"%s\" is neither off nor rights; write none, drop, read, add or write, and others for folders, "
                      "as read,/in=add"), word);
    return -EINVAL;
}

int auth_init(struct auth *a, const struct conf *c, struct buf *err)
{
    memset(a, 0, sizeof *a); /* it is large: no copy of it on the stack */
    a->system = c->pam;
    TRY(set_anonymous(a, c, err));
    for (unsigned i = 0; i < c->account.n; i++)
        TRY(add_account(a, c->account.item[i], err));
    return 0;
}

const char *auth_users_path(const struct auth *a, unsigned *count)
{
    if (!a->file)
        return NULL;
    *count = a->file->now->n;
    return a->file->path;
}

const char *auth_users_folder(const struct auth *a)
{
    return a->file ? a->file->folder : NULL;
}

/* A file that is still empty may get accounts while the server runs. */
int auth_somebody(const struct auth *a, struct buf *err)
{
    unsigned count = 0;

    auth_users_path(a, &count);
    if (a->allow_anonymous || a->n || count || a->system)
        return 0;
    buf_text(err, _("--no-anonymous without --account leaves nobody who could log in; add --account NAME:PASSWORD, or an account "
                    "with `dray user add NAME`"));
    return -EINVAL;
}

void auth_free(struct auth *a)
{
    for (unsigned i = 0; i < a->n; i++) {
        char *secret = (char *)(uintptr_t)a->account[i].secret;

        explicit_bzero(secret, strlen(secret));
        free(secret);
    }
    a->n = 0;
    auth_file_free(&a->file);
}

bool auth_is_anonymous(struct span name)
{
    return span_ieq(name, SPAN("anonymous")) || span_ieq(name, SPAN("ftp"));
}

/* Looks at every byte of what was given, however early it differs. */
static bool same_secret(const char *secret, struct span given)
{
    size_t len = strlen(secret);
    unsigned diff = (unsigned)(len ^ given.len);

    for (size_t i = 0; i < given.len; i++)
        diff |= (unsigned char)given.at[i] ^ (unsigned char)secret[len ? i % len : 0];
    return diff == 0;
}

/* All are compared, however many there are: the time does not tell which name it was. *named: there is one of that name. */
static const struct account *check_fixed(const struct auth *a, struct span name, struct span password, bool *named)
{
    const struct account *found = NULL;

    *named = false;
    for (unsigned i = 0; i < a->n; i++) {
        bool secret = same_secret(a->account[i].secret, password), same = span_eq(name, span_of(a->account[i].name));

        *named |= same;
        if (same && secret)
            found = &a->account[i];
    }
    return found;
}

/* A name of the command line is looked for in the file all the same: that costs what all others cost. */
int auth_check(const struct auth *a, struct rt_task *task, struct span name, struct span password, const char *peer,
               const struct account **out)
{
    const struct account *fixed, *found = NULL;
    bool named;
    int rc = -EACCES;

    if (auth_is_anonymous(name)) {
        if (a->allow_anonymous)
            *out = &a->anonymous;
        return a->allow_anonymous ? 0 : -EACCES;
    }
    fixed = check_fixed(a, name, password, &named);
    if (a->file)
        rc = auth_file_check(a->file, task, name, password, &found);
    if (rc < 0 && rc != -EACCES)
        return rc;
    if (named) {
        account_drop(&found);
        found = fixed;
    }
    if (!found && a->priv) /* also for names that are known, which costs the same then */
        return auth_pam_check(a->priv, task, name, password, peer, out);
    if (!found)
        return -EACCES;
    *out = found;
    return 0;
}

int auth_find(const struct auth *a, struct rt_task *task, struct span name, const struct account **out)
{
    for (unsigned i = 0; i < a->n; i++) {
        if (span_eq(name, span_of(a->account[i].name))) {
            *out = &a->account[i];
            return 0;
        }
    }
    return a->file ? auth_file_find(a->file, task, name, out) : -EACCES;
}

/* Each with its length before it: no other three read the same. */
static void add_text(struct digest *d, struct span text)
{
    uint64_t len = text.len;

    digest_add(d, &len, sizeof len);
    digest_add(d, text.at, text.len);
}

int auth_stamp(const struct account *a, struct span salt, char out[AUTH_STAMP + 1])
{
    struct buf b = { .at = out, .cap = AUTH_STAMP + 1 };
    struct sums sums = { 0 };
    struct digest d;

    if (!a->secret || !*a->secret)
        return -EACCES;
    TRY(digest_begin(&d, SUM_BIT(SUM_SHA256)));
    add_text(&d, salt);
    add_text(&d, span_of(a->name));
    add_text(&d, span_of(a->secret));
    digest_end(&d, &sums);
    sum_print(&b, &sums, SUM_SHA256);
    buf_cstr(&b);
    return 0;
}
