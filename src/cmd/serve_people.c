/* serve_people: who may log in at `dray serve`, and the start-up lines that say so. Called by serve.c. The accounts live as long
 * as the server. Fails with a sentence on standard error and -EINVAL. */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "cmd/serve_impl.h"
#include "sys/state.h"

enum { WORDS = 1500 };

/* Without a place for such files there is none, unless it was asked for. */
static int open_file(const struct conf *c, const struct log *log, struct auth *out, struct buf *err)
{
    char path[512];

    if (c->users)
        return auth_users(out, c->users, true, log, err);
    return state_path("users", path, sizeof path) == 0 ? auth_users(out, path, false, log, err) : 0;
}

int serve_people(const struct conf *c, const struct log *log, struct auth *out)
{
    char text[400];
    struct buf err = BUF(text);
    int rc = open_file(c, log, out, &err);

    if (rc == 0)
        rc = auth_somebody(out, &err);
    return rc < 0 ? serve_complain("%s", buf_cstr(&err)) : 0;
}

static const char *may(const struct account *a, char words[WORDS])
{
    struct buf b = { .at = words, .cap = WORDS };

    rights_print_as(&b, &a->rights, gettext);
    return buf_cstr(&b);
}

void serve_people_print(const struct auth *a)
{
    char words[WORDS];
    unsigned count;
    const char *path = auth_users_path(a, &count);

    if (a->allow_anonymous)
        printf(_("Anyone who can reach these addresses may %s.\n"), may(&a->anonymous, words));
    else
        printf(_("Strangers may do nothing: log in with an account.\n"));
    for (unsigned i = 0; i < a->n; i++)
        printf(_("%s may, with a password, %s.\n"), a->account[i].name, may(&a->account[i], words));
    if (a->system)
        printf(_("System users may log in with their password by PAM; each works under his own uid.\n"));
    if (path && count)
        printf(ngettext("So may %u account of %s what is said there; %s.\n", "So may %u accounts of %s what is said there; %s.\n", count),
               count, path, auth_users_followed(a) ? _("changes count from the next login on") :
               _("changes count after a restart only: this user may not read it (give it to him with chown)"));
}
