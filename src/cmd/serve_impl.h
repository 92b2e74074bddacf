/* serve_impl: shared by the files of `dray serve` only. */
#ifndef DRAY_CMD_SERVE_IMPL_H
#define DRAY_CMD_SERVE_IMPL_H

#include <limits.h>

#include "auth/auth.h"
#include "conf/conf.h"
#include "io/listen.h"
#include "io/tls.h"
#include "obs/log.h"
#include "priv/priv.h"
#include "store/storage.h"
#include "sys/sandbox.h"
#include "sys/user.h"

/* A sentence on standard error; -EINVAL. */
int serve_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What is served and how uploads are treated, as the operator says; `uploads` at once. -EINVAL when that cannot be; he knows
 * why then. */
int serve_storage(const struct conf *, unsigned uploads, struct storage *out);
/* The folder as he named it; "." when he named none. */
const char *serve_folder(const struct conf *);
/* What it is called: the folder's whole path, or that it is memory. The caller frees; NULL without memory. */
char *serve_name(const struct conf *);

/* Adds the accounts file to those of the command line; -EINVAL when nobody could log in, or the file is not in order. */
int serve_people(const struct conf *, const struct log *, struct auth *out);
/* The start-up lines about it. */
void serve_people_print(const struct auth *);

/* Starts the broker of system users, if they may log in; own_process: each session of the model has one. -EINVAL when that cannot be;
 * he knows why then. */
int serve_pam(const struct conf *, bool own_process, struct priv **out);

/* The numbers that listeners have for what is spoken there. */
enum { SERVICE_FTP, SERVICE_FTPS, SERVICE_HTTP, SERVICES };

/* Is there a way in, and is nothing said about one that is closed? -EINVAL, with a sentence. */
int serve_ports_check(const struct conf *);
/* Opens them. -EINVAL when one that is wanted is not to be had; he knows why then. */
int serve_ports(const struct conf *, struct listeners *);

/* The page's address as a QR code, where --qr and the terminal want it. The first: -EINVAL, with a sentence. */
int serve_qr_check(const struct conf *);
void serve_qr_print(const struct conf *, const struct listeners *);

struct serve_tls {
    bool on;
    struct tls_rules rules;
    struct tls *tls;
    struct tls_files files[CONF_LIST_MAX];
    char from[512];   /* where the certificate is that we made, or why it is not kept */
};

/* As the operator says; -EINVAL when that cannot be, he knows why then. */
int serve_tls(const struct conf *, const struct log *, struct serve_tls *out);
/* The start-up lines about it. */
void serve_tls_print(const struct serve_tls *, const struct listeners *);

/* What the sandbox has to leave room for. */
struct serve_ground {
    const struct conf *conf;
    const struct auth *auth;
    const struct storage *storage;
    const struct log *log;
    const struct tls *tls;
    int board;      /* the folder of the scoreboard's file; -1: there is none */
    unsigned needs; /* of the model */
};

enum { SERVE_FOLDERS = SANDBOX_RULES - 8 };

struct serve_sandbox {
    bool off, require, was_root;
    bool users; /* sessions become system users */
    bool locks; /* rings need that, and their limit could not be raised */
    struct user user;
    struct sandbox sandbox;
    struct sandbox_found found;
    bool crowded;                 /* there are more of these: */
    unsigned folders;             /* whose files are read again when they change */
    char *folder[SERVE_FOLDERS];
    char partials[PATH_MAX];
};

/* Who was started as root becomes --user, or the owner of the folder; when the ports are bound, and before anything is stored.
 * -EINVAL when that cannot be; he knows why then. */
int serve_user(const struct conf *, unsigned needs, struct serve_sandbox *out);
/* What is given up, tried in a child. -EINVAL when the operator demands more; he knows why then. */
int serve_sandbox(const struct serve_ground *, struct serve_sandbox *out);
/* Gives it up; priv: the broker that is asked from now on, or NULL. -EINVAL, with a sentence. */
int serve_sandbox_enter(const struct serve_sandbox *, struct priv *priv);
/* The start-up lines about it. */
void serve_sandbox_print(const struct serve_sandbox *);
void serve_sandbox_free(struct serve_sandbox *);

#endif
