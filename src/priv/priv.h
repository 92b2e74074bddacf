/* priv: the session's side of the broker, the one process that stays root while system users log in: it asks PAM, and lets a session
 * become whom PAM has known, once. -errno on failure. One session a process: models fork and prefork only. */
#ifndef DRAY_PRIV_PRIV_H
#define DRAY_PRIV_PRIV_H

#include "base/span.h"
#include "rt/rt.h"

enum { PRIV_NAME = 65, PRIV_PASSWORD = 512, PRIV_PEER = 64 }; /* bytes, with the NUL */

struct priv;

/* Starts the broker for that service of PAM. As root, before root is dropped and before any thread. -EOPNOTSUPP: this kernel cannot
 * ask a broker about system calls; -EINVAL: the service's name is too long; -ECHILD: it did not start. */
int priv_begin(const char *service, struct priv **out);
/* From now on this process and its children ask the broker before they become somebody else. Before the sandbox. */
int priv_watch(struct priv *);
/* Is this the password of that system user? -EACCES: no, or he may not log in, or he is none of the people (below uid 1000, nobody);
 * -EPIPE: there is no broker any more; -EBUSY, -ETIMEDOUT, -ECANCELED. peer: the client's address, for PAM. Waits. */
int priv_check(struct priv *, struct rt_task *, struct span name, struct span password, const char *peer);
/* This process becomes him whom the last priv_check has known, for good, and has no capability left. On failure nothing is certain:
 * the process should end. */
int priv_become(struct priv *);
/* Has it? NULL: no. */
bool priv_changed(const struct priv *);
/* For CLEANUP: leaves the broker, which ends when nobody is left. NULL is fine. */
void priv_end(struct priv **);

#endif
