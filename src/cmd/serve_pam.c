/* serve_pam: system users at `dray serve --pam SERVICE`: what must be so that each session can work as its user, and the start of the
 * broker. Called by serve.c, while it is still root. Fails with a sentence on standard error and -EINVAL. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "cmd/serve_impl.h"

/* Only the first that holds is said. */
static const char *hindrance(const struct conf *c, bool own_process)
{
    const struct {
        bool is;
        const char *what;
    } each[] = {
        { !own_process, N_("each session works under its user's own uid, and one process cannot be many users; use --model fork or prefork") },
        { !user_is_root(), N_("only root can become the users who log in; start it as root") },
        { c->sandbox && strcmp(c->sandbox, "off") == 0,
          N_("the sandbox is what keeps a session from becoming anybody else; leave --sandbox off out") },
        { c->memory, N_("what is stored in memory has no owners; leave --memory out") },
        { c->quota.n, N_("the files of system users are counted by the kernel's own quotas; leave --quota out") },
    };

    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        if (each[i].is)
            return _(each[i].what);
    return NULL;
}

int serve_pam(const struct conf *c, bool own_process, struct priv **out)
{
    const char *why = c->pam ? hindrance(c, own_process) : NULL;
    int rc;

    if (!c->pam)
        return 0;
    if (why)
        return serve_complain(_("--pam: %s"), why);
    rc = priv_begin(c->pam, out);
    if (rc == -EOPNOTSUPP)
        return serve_complain(_("--pam: this kernel or container cannot hold a system call until a broker has spoken (seccomp user "
                              "notification, Linux 5.5)"));
    if (rc == -EINVAL)
        return serve_complain(_("--pam: \"%s\" is not the name of a service (a file of /etc/pam.d)"), c->pam);
    return rc < 0 ? serve_complain(_("--pam: the broker cannot be started: %s"), _(err_text(rc))) : 0;
}
