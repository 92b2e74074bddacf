/* server: how a server under test is reached, and what is known of it. */
#ifndef DRAY_BENCH_SERVER_H
#define DRAY_BENCH_SERVER_H

#include "io/tls_client.h"
#include "sys/usage.h"

enum { SERVER_PATH = 1024 };
#define SERVER_STRANGER "anonymous" /* who logs in without being known */

enum server_tls { SERVER_PLAIN, SERVER_AUTH, SERVER_IMPLICIT };

struct server {
    struct sock_addr at;
    char host[256];               /* as its certificate may call it */
    enum server_tls secure;       /* whom a certificate is of is not asked */
    const struct tls_client *tls; /* unless it is plain */
    char user[128], password[128];
    char path[SERVER_PATH];    /* on the server: where the files of the measurement are; "": where a login leads */
    struct usage_of processes; /* pid 0: not known, nothing can be said of its cost */
};

#endif
