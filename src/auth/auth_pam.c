/* auth_pam: accounts of system users (see auth_impl.h). Called by auth.c from sessions. They may write: what they may do with a file is
 * the kernel's to say, since their session works under their own uid. Owns nothing: the broker is the front door's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_impl.h"
#include "base/cleanup.h"
#include "priv/priv.h"

int auth_pam_check(struct priv *priv, struct rt_task *task, struct span name, struct span password, const char *peer,
                   const struct account **out)
{
    struct account *a;

    TRY(priv_check(priv, task, name, password, peer));
    a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    memcpy(a->name, name.at, name.len < ACCOUNT_NAME_MAX ? name.len : ACCOUNT_NAME_MAX);
    a->notes = a->secret = "";
    a->rights.base = RIGHTS_WRITE;
    a->system = true;
    atomic_init(&a->refs, 1);
    *out = a;
    return 0;
}

int auth_become(const struct auth *a, const struct account *account)
{
    return account->system ? priv_become(a->priv) : 0;
}

bool auth_changed(const struct auth *a)
{
    return priv_changed(a->priv);
}
