/* client: FTP clients that behave at random, and sometimes badly; each is a task of the simulation. client.c speaks the
 * protocol, script.c decides what to say and what to make of the answer. */
#ifndef T_SIM_CLIENT_H
#define T_SIM_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "oracle.h"
#include "rt/rt.h"

enum { CLIENTS = 8, HEARD = 16 * 1024, STEPS = 20 };

struct client {
    struct rt_task *task;
    unsigned id;
    uint64_t luck;     /* its own choices: faults do not change what it does */
    unsigned ops;      /* how many it shall do */
    unsigned names;    /* with so many names */
    unsigned char weight[STEPS]; /* of what it does */
    unsigned weights;
    unsigned account;  /* an index of oracle_accounts */
    bool calm;         /* nothing in this run makes the server fail */
    bool rude;         /* it did something after which the server may hang up */
    bool lost;         /* the control connection is gone */
    struct sock_addr host, server;
    int control, data, listener; /* -1 */
    struct sock_addr data_at;    /* PASV, EPSV */
    unsigned session;  /* the port of its control connection */
    unsigned noops;    /* NOOPs whose answer may come at any time */
    char in[HEARD];
    unsigned from, to;
    bool text_mode;    /* TYPE A */
    char text[HEARD];  /* the reply heard last, whole */
    unsigned text_len;
};

/* A task: the whole life of a client. */
void client_run(struct rt_task *, void *client);

/* ---- its choices ---- */
uint64_t client_below(struct client *, uint64_t n);
bool client_chance(struct client *, unsigned per_cent);

/* ---- the protocol (client.c) ---- */

bool client_connect(struct client *);
/* Sends a line or several, in pieces. */
void client_say(struct client *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The next reply's code; 0: the connection is gone. Fails the run when the reply is malformed or none comes. */
int client_hear(struct client *);
/* The same, but the answers to NOOPs are passed over. */
int client_hear_final(struct client *);
/* Arranges a data connection; false: it was refused, or all is lost. */
bool client_arrange(struct client *);
/* Opens it; false: it does not come. */
bool client_open_data(struct client *);
void client_close_data(struct client *, bool reset);
void client_leave(struct client *, bool reset);

/* ---- what it does (script.c) ---- */
void script_step(struct client *);
/* What this client likes to do: the same for all clients of a run. */
void script_choose(struct client *, uint64_t seed);

#endif
