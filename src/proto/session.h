/* session: one client, from greeting to goodbye, on whatever task a model gives. The one place where a protocol meets a
 * model: session_main is the models' entry. A protocol is a service: straight-line code over the session's streams and store. */
#ifndef DRAY_PROTO_SESSION_H
#define DRAY_PROTO_SESSION_H

#include "auth/auth.h"
#include "base/arena.h"
#include "conf/conf.h"
#include "conf/rates.h"
#include "io/announce.h"
#include "io/io.h"
#include "io/listen.h"
#include "io/passive.h"
#include "obs/bans.h"
#include "obs/board.h"
#include "obs/log.h"
#include "obs/pace.h"
#include "store/store.h"

struct session;

struct service {
    const char *name;   /* "ftp": also the URL's scheme */
    const char *banned; /* what a client is told whose address is banned */
    const char *refuse; /* what a client is told that finds no seat, line end included */
    /* The whole session. The control stream is closed by the caller. -errno is for the log only. */
    int (*run)(struct session *);
};

/* What all sessions of a server share; only read, but for the board. */
struct server {
    const struct conf *conf;
    const struct auth *auth;
    const struct rates *rates;       /* NULL: no limit but those of accounts */
    const struct storage *storage;
    struct board *board;
    const struct log *log;
    struct passive *passive;         /* locks itself */
    struct tls *tls;                 /* NULL: there is none; locks itself */
    struct tls_rules rules;
    const struct announce *announce; /* NULL: nothing to say */
    const char *names;               /* of this machine, a list with commas; NULL: not known */
    unsigned turns;                  /* so many sessions at once, and whoever is next waits until one ends; 0: nobody waits */
    const struct service *const *services; /* by arrival.service */
};

struct session {
    struct rt_task *task;
    const struct server *server;
    const struct arrival *arrival;
    struct io *control;
    struct seat *seat;
    struct arena scratch; /* one command's memory */
    struct store store;   /* its rights and home are those of the account */
    const struct account *account; /* held; NULL: not logged in */
    char *peer;           /* the client's address as text */
    struct pace_bucket pace[2]; /* the session's own, for --rate-session */
};

/* The models' entry; ctx is the struct server. Closes client->fd. */
void session_main(struct rt_task *task, const struct arrival *client, void *ctx);

/* What the models do now and then, between two clients; ctx is the struct server. */
int64_t session_chores(struct rt_task *task, void *ctx);

/* Has this process become a user, so that it can serve nobody else? ctx is the struct server. */
bool session_spent(void *ctx);

/* Binds the store to an account, which is the session's from now on; NULL logs out. May wait. On failure (-ENOENT: it has no home;
 * -EUSERS: as many are logged in as this account as may be) nobody is logged in. */
int session_login(struct session *, const struct account *);

/* A password was wrong, or (ban_passed) right: see obs/bans.h. */
struct ban_verdict session_failed(struct session *, struct span name);
unsigned session_passed(struct session *, struct span name);
/* The name and password may be right, and yet there can be no session: the log says why. */
void session_unable(struct session *, struct span name, int rc);
/* Is the client's address banned? */
bool session_banned(struct session *);
/* The limits of bandwidth that hold for one transfer of this session (way: RATE_DOWN, RATE_UP). */
struct pace session_pace(struct session *, unsigned way);

extern const struct service ftp_service;
extern const struct service ftps_service; /* TLS from the first byte */
extern const struct service http_service; /* TLS if the first byte says so */
/* Before the first fork: the key of its cookies. */
void http_cookie_key(void);

#endif
