/* priv_impl: what the session's side and the broker share; for priv/ only. */
#ifndef DRAY_PRIV_PRIV_IMPL_H
#define DRAY_PRIV_PRIV_IMPL_H

#include <stdint.h>
#include <sys/types.h>

#include "priv/priv.h"
#include "sys/user.h"

enum { PRIV_SERVICE = 64, PRIV_TRIES = 12, PRIV_UID_MIN = 1000, PRIV_NOBODY = 65534, PRIV_SECONDS = 30 };

enum priv_state { STRANGER, KNOWN, GROUPED, IN_GROUP, CHANGED };

enum priv_request {
#define PRIV(request, in, then) PRIV_##request,
#include "priv/priv.def"
#undef PRIV
    PRIV_REQUESTS
};

/* The one message, of fixed size; with it comes one descriptor: the listener, or where the answer goes. */
enum priv_kind { PRIV_LISTENER, PRIV_CHECK };
struct priv_message {
    uint32_t kind;
    char name[PRIV_NAME], password[PRIV_PASSWORD], peer[PRIV_PEER];
};

struct priv_answer {
    int32_t rc; /* 0, -EACCES, -EBUSY */
    struct user_groups who;
};

/* ---- broker.c ---- */

/* To the end of the last session. */
_Noreturn void broker_run(int requests, pid_t server, const char *service);

/* ---- broker_pam.c ---- */

/* In a process of its own: writes a struct user_groups when PAM agrees and this is one of the people, else nothing; ends. */
_Noreturn void broker_examine(const char *service, struct priv_message *, int out);

/* ---- broker_calls.c ---- */

struct broker_call {
    enum priv_request what;
    uint64_t arg[3];
};

/* Takes the call that waits: its process and what it asks for; 0: there is none any more. */
int broker_call_take(int listener, void *notif, struct broker_call *out, pid_t *pid);
/* Is that exactly what turns the process into him? The call is held meanwhile. */
bool broker_call_fits(pid_t pid, const struct broker_call *, const struct user_groups *);
void broker_call_answer(int listener, const void *notif, void *resp, bool go_on);

#endif
