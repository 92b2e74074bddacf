/* auth: the accounts of the command line and the anonymous one (see auth.h). Called by the front door once and by sessions
 * at login; owns nothing beyond the struct. */
#include "auth/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static int bad_account(struct span name, const char *what, struct span word, struct buf *err)
{
    buf_printf(err, "--account %.*s:...: %s%.*s; write NAME:PASSWORD or NAME:PASSWORD:RIGHTS with rights read, add or write",
               SPAN_ARG(name), what, SPAN_ARG(word));
    return -EINVAL;
}

/* "NAME:PASSWORD[:RIGHTS]". What follows a second colon must be a right: a slip there must not become a password. A password
 * that holds colons needs its rights written behind it. */
static int add_account(struct auth *a, const char *text, struct buf *err)
{
    struct span rest = span_of(text), name = span_cut(&rest, ':');
    struct account *new = &a->account[a->n];
    ptrdiff_t last = span_rfind(rest, ':');

    new->rights = RIGHTS_ADD;
    if (!name.len || name.len > ACCOUNT_NAME_MAX || auth_is_anonymous(name))
        return bad_account(name, "the name is empty, too long or that of the anonymous account", SPAN(""), err);
    if (last >= 0 && rights_parse(span_from(rest, (size_t)last + 1), &new->rights) < 0)
        return bad_account(name, "no right is called ", span_from(rest, (size_t)last + 1), err);
    if (last >= 0)
        rest.len = (size_t)last;
    if (!rest.len)
        return bad_account(name, "the password is missing", SPAN(""), err);
    memcpy(new->name, name.at, name.len);
    new->password = span_dup(rest);
    if (!new->password)
        return -ENOMEM;
    a->n++;
    return 0;
}

int auth_init(struct auth *a, const struct conf *c, struct buf *err)
{
    memset(a, 0, sizeof *a); /* it is large: no copy of it on the stack */
    a->allow_anonymous = !c->no_anonymous;
    strcpy(a->anonymous.name, "anonymous");
    if (c->read_only && c->writable) {
        buf_text(err, "--read-only and --writable contradict each other; choose one");
        return -EINVAL;
    }
    a->anonymous.rights = c->writable ? RIGHTS_WRITE : c->read_only ? RIGHTS_READ : RIGHTS_ADD;
    for (unsigned i = 0; i < c->account.n; i++)
        TRY(add_account(a, c->account.item[i], err));
    if (c->no_anonymous && !a->n) {
        buf_text(err, "--no-anonymous without --account leaves nobody who could log in; add --account NAME:PASSWORD");
        return -EINVAL;
    }
    return 0;
}

void auth_free(struct auth *a)
{
    for (unsigned i = 0; i < a->n; i++) {
        explicit_bzero(a->account[i].password, strlen(a->account[i].password));
        free(a->account[i].password);
    }
    a->n = 0;
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

const struct account *auth_check(const struct auth *a, struct span name, struct span password)
{
    const struct account *found = NULL;

    if (auth_is_anonymous(name))
        return a->allow_anonymous ? &a->anonymous : NULL;
    for (unsigned i = 0; i < a->n; i++) {
        bool secret = same_secret(a->account[i].password, password);

        if (span_eq(name, span_of(a->account[i].name)) && secret)
            found = &a->account[i];
    }
    return found;
}
