/* doctor: tests a server from the client's side, check by check, and says what to do about what is wrong. */
#ifndef DRAY_CLIENT_DOCTOR_H
#define DRAY_CLIENT_DOCTOR_H

#include "client/site.h"

enum { DOCTOR_PATIENCE = 15 }; /* seconds without a byte */

struct doctor {
    struct site site; /* where, how and secure are the caller's to fill; its addresses are found */
    bool json, quiet, write; /* write: in a folder of its own, which goes at the end */
    bool debug;              /* the dialogue is shown, too */
    int interrupt;           /* as rt_stop.now */
};

/* Prints one line for each check, and what to do. OUT_DONE when nothing is bad, OUT_FAULTY when something is; what keeps it from
 * logging in has the outcome that it has for all verbs. */
enum outcome doctor_run(const struct doctor *d);

#endif
