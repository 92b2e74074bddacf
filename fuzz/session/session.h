/* session: what the parts of fuzz_session share. One input is one session: a few bytes that choose how it is played, then what
 * the client says, then what it sends over its data connections. Everything is in memory and happens in one task: whenever the
 * session waits, the client (peer.c) takes its next step; when it has none, the clock jumps. The same input, the same run. */
#ifndef DRAY_FUZZ_SESSION_H
#define DRAY_FUZZ_SESSION_H

#include "base/check.h"
#include "proto/session.h"
#include "rt/rt_ops.h"
#include "net.h"

/* The first bytes of an input. */
struct choice {
    bool ftps;        /* TLS from the first byte */
    bool client_tls;  /* the client speaks TLS where the server does; else its bytes go there as they are */
    bool auth;        /* it begins with AUTH TLS */
    bool data_tls;    /* PBSZ 0, PROT P, and TLS on data connections */
    bool tls12, ipv6, json, hidden;
    unsigned rights;  /* 0: nobody is logged in at the beginning */
    unsigned chunk;   /* bytes that are sent at once; 0: line by line, each when the session waits */
    unsigned eager;   /* of 1000 waits, before so many the client takes a step though the session could go on */
    unsigned data_end[2]; /* an enum data_end: for the first data connection, for all others */
    unsigned end;     /* an enum script_end */
    struct tls_rules rules;
    struct net_pace pace;
    unsigned seed;
    unsigned spoil_at;  /* the TLS byte of the client that is not as it should be; 0: none */
    bool spoil_cut;     /* there it ends, instead */
    bool durable;
};
enum { CHOICE_BYTES = 9 };

enum data_end { DATA_FIN, DATA_CLOSE, DATA_RESET, DATA_STALL, DATA_NEVER, DATA_THIEF, DATA_NO_NOTIFY, DATA_TORN, DATA_ENDS };
enum script_end { SCRIPT_FIN, SCRIPT_CLOSE, SCRIPT_RESET, SCRIPT_SILENT, SCRIPT_ENDS };

/* ---- stage.c: the clock, the runtime, the server ---- */

extern const struct rt_ops stage_ops;
/* Time and luck of a run begin. */
void stage_begin(const struct choice *);
uint64_t stage_luck(void);
void stage_stop(bool now);
void stage_pass(unsigned seconds);

/* ---- files.c: the store ---- */

/* Once. */
void files_open(struct storage *);
/* Before a run: what every run finds. */
void files_fill(const struct storage *);
/* After it: what these rights do not allow has not happened, and once all is removed nothing is left. */
void files_check(struct storage *, unsigned rights);

/* ---- peer.c: the client ---- */

void peer_begin(const struct choice *, struct span script, struct arrival *);
/* Does what comes next; false: nothing. quiet: the session waits for a command, and has nothing to read. */
bool peer_step(bool quiet);
/* The session has ended. */
void peer_end(void);

/* ---- line.c: one connection of the client, with or without TLS ---- */

struct line {
    int fd; /* -1: none */
    struct ssl_st *ssl;
    char out[4096]; /* on its way to the wire */
    size_t from, to;
    uint64_t wired; /* TLS bytes so far */
    bool connecting, shaken, ended, broken, spoiled;
};

/* Once. */
void line_prepare(void);
void line_connect(struct line *, const struct sock_addr *from, const struct sock_addr *to);
/* TLS from here on; from: the session to resume (NULL). */
void line_secure(struct line *, const struct choice *, const struct line *from);
/* What has come; 0: nothing, though *moved a piece of a record may have. Sets `ended`. */
size_t line_read(struct line *, char *buf, size_t cap, bool *moved);
/* Handshakes, and sends what waits: true when something moved. */
bool line_pump(struct line *, const struct choice *);
/* Room for the next bytes? */
bool line_free(const struct line *);
void line_write(struct line *, const char *at, size_t len);
void line_fin(struct line *, bool notify);
void line_close(struct line *, bool reset);

/* ---- replies.c: what the server says ---- */

struct replies {
    char line[16384];
    size_t len;
    int open;       /* the code of the reply that has begun with "ccc-"; 0: none */
    unsigned finals, firsts;
    int last;       /* the last code */
    unsigned port;  /* of 227 and 229, until it is used */
};
/* Checks that they are replies. */
void replies_feed(struct replies *, const char *at, size_t len);
/* One line of the log. */
void replies_check_log(const char *at, size_t len, bool json);

#endif
