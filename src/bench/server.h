/* server: how a server under test is reached, and what is known of it. */
#ifndef DRAY_BENCH_SERVER_H
#define DRAY_BENCH_SERVER_H

#include "sys/sock.h"
#include "sys/usage.h"

enum { SERVER_PATH = 1024 };

struct server {
    struct sock_addr at;
    char user[128], password[128];
    char path[SERVER_PATH];    /* on the server: where the files of the measurement are; "": where a login leads */
    struct usage_of processes; /* pid 0: not known, nothing can be said of its cost */
};

#endif
