/* serve_people: who may log in at `dray serve`, and the start-up lines that say so. Called by serve.c. The accounts live as long
 * as the server. Fails with a sentence on standard error and -EINVAL. */
#include <stdio.h>

#include "base/cleanup.h"
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

static void print_one(const char *who, const char *how, const struct account *a)
{
    char words[WORDS];
    struct buf b = BUF(words);

    rights_print(&b, &a->rights);
    printf("%s %s%s.\n", who, how, buf_cstr(&b));
}

void serve_people_print(const struct auth *a)
{
    unsigned count;
    const char *path = auth_users_path(a, &count);

    if (a->allow_anonymous)
        print_one("Anyone who can reach these addresses", "may ", &a->anonymous);
    else
        printf("Strangers may do nothing: log in with an account.\n");
    for (unsigned i = 0; i < a->n; i++)
        print_one(a->account[i].name, "may, with a password, ", &a->account[i]);
    if (a->system)
        printf("System users may log in with their password by PAM; each works under his own uid.\n");
    if (path && count)
        printf("So may %u account%s of %s what is said there; %s.\n", count, count == 1 ? "" : "s", path,
               auth_users_followed(a) ? "changes count from the next login on"
                                      : "changes count after a restart only: this user may not read it (give it to him with chown)");
}
