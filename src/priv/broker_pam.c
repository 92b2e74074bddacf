/* broker_pam: one look at one password by PAM (pam(3), pam_conv(3)), in a process that ends with it: modules block, leak and crash.
 * Started by broker.c. pam_setcred and sessions of PAM are left out: the one who would close them is no longer root. A user whom
 * PAM knows and who may not log in here costs what all others cost: he is looked for last. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "priv/priv_impl.h"

static void forget(struct pam_response *r, int n)
{
    for (int i = 0; i < n; i++) {
        if (r[i].resp)
            explicit_bzero(r[i].resp, strlen(r[i].resp));
        free(r[i].resp);
    }
    free(r);
}

/* What is asked without an echo is the password; what is asked with one cannot be answered. */
static int converse(int n, const struct pam_message **m, struct pam_response **out, void *arg)
{
    const struct priv_message *client = arg;
    struct pam_response *r;

    if (n <= 0 || n > PAM_MAX_NUM_MSG)
        return PAM_CONV_ERR;
    r = calloc((size_t)n, sizeof *r);
    if (!r)
        return PAM_BUF_ERR;
    for (int i = 0; i < n; i++) {
        if (m[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            r[i].resp = strdup(client->password);
        if (m[i]->msg_style == PAM_PROMPT_ECHO_ON || (m[i]->msg_style == PAM_PROMPT_ECHO_OFF && !r[i].resp)) {
            forget(r, n);
            return PAM_CONV_ERR;
        }
    }
    *out = r;
    return PAM_SUCCESS;
}

static bool agrees(const char *service, struct priv_message *m)
{
    const struct pam_conv conv = { converse, m };
    pam_handle_t *pam = NULL;
    int rc = pam_start(service, m->name, &conv, &pam);

    if (rc == PAM_SUCCESS && *m->peer)
        rc = pam_set_item(pam, PAM_RHOST, m->peer);
    if (rc == PAM_SUCCESS)
        rc = pam_set_item(pam, PAM_TTY, "ftp");
    if (rc == PAM_SUCCESS)
        rc = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    if (rc == PAM_SUCCESS)
        rc = pam_acct_mgmt(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    explicit_bzero(m->password, sizeof m->password);
    if (pam)
        pam_end(pam, rc);
    return rc == PAM_SUCCESS;
}

/* The kernel's numbers of him whom PAM has known by this name; false: he is none of the people. */
static bool find(const char *name, struct user_groups *out)
{
    const struct passwd *p = getpwnam(name);
    gid_t group[USER_GROUPS];
    int n = USER_GROUPS;

    if (!p || p->pw_uid < PRIV_UID_MIN || p->pw_uid == PRIV_NOBODY || p->pw_uid == (uid_t)-1 || p->pw_gid == (gid_t)-1)
        return false;
    *out = (struct user_groups){ .uid = p->pw_uid, .gid = p->pw_gid };
    if (getgrouplist(name, p->pw_gid, group, &n) < 0 || n < 1)
        return false;
    out->n = (unsigned)n;
    for (int i = 0; i < n; i++)
        out->group[i] = group[i];
    return true;
}

void broker_examine(const char *service, struct priv_message *m, int out)
{
    struct user_groups who;
    bool yes;

    alarm(PRIV_SECONDS);
    yes = agrees(service, m);
    yes = find(m->name, &who) && yes;
    if (yes && write(out, &who, sizeof who) != (ssize_t)sizeof who)
        _exit(1);
    _exit(!yes);
}
