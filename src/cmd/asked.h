/* asked: what every command of the client can be told about the server it talks to. The first member of each command's own
 * options, so that one table of rows serves them all. */
#ifndef DRAY_CMD_ASKED_H
#define DRAY_CMD_ASKED_H

#include "client/client.h"
#include "client/secure.h"
#include "client/target.h"
#include "cmd/args.h"

enum { ASKED_PATIENCE = 60 }; /* seconds without a byte */

struct asked {
    char user[128], password[128];
    bool has_user, has_password, quiet;
    struct ftpc_how how;
    struct secure secure;
};

/* Login, TLS, and how patient to be. */
extern const struct args_row asked_rows[];

/* An address, completed by what options say, which counts more; then, for a login, by $DRAY_PASSWORD and the netrc file. A
 * password in `arg` is overwritten there. ARGS_GO, or OUT_USAGE after it was told why. */
int asked_target(const struct asked *asked, char *arg, struct target *out);

#endif
