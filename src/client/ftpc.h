/* ftpc: one FTP control connection, seen from the client (RFC 959, 2389, 2428, 3659). Straight-line calls that wait through rt; texts of
 * the server are kept as they came: whoever shows them makes them harmless first (text_terminal).
 *
 * Results are 0 or a count, or one of these: -ENOENT the server does not find it, -EACCES the server refuses (for both ftpc_words says
 * why), -ENOTCONN the control connection is gone (ftpc_cause says how), -EPIPE the data connection could not be made or broke, -EPROTO
 * it is not encrypted as it has to be, -ECANCELED the task was cancelled, -EINVAL the argument cannot be sent, -ENOMEM. */
#ifndef DRAY_CLIENT_FTPC_H
#define DRAY_CLIENT_FTPC_H

#include <sys/socket.h>

#include "base/buf.h"
#include "base/sums.h"
#include "io/tls_client.h"

struct ftpc;

/* Every line of the dialogue, passwords masked. */
typedef void ftpc_talk(void *arg, bool sent, struct span line);

struct ftpc_how {
    bool active;       /* the server connects to us (PORT, EPRT), if it can */
    bool passive;      /* never so: else it is what is left when nothing else gets through */
    unsigned patience; /* seconds without a byte before giving up */
    ftpc_talk *talk;   /* NULL: nobody listens */
    void *talk_arg;
};

/* What is known of a server: what FEAT said, and what it turned out not to do. */
struct ftpc_can {
    bool mlst, mfmt, utf8, rang;
    bool atomic;  /* what STOR stores appears whole or not at all, and is kept to be continued when it breaks off (dray) */
    bool pipe;    /* it keeps commands that come before their time (ftpc_learn) */
    unsigned no_way; /* to a data connection: 1u << enum ftpc_way of each that turned out to be none */
    bool plain_list, no_mdtm, no_set_mdtm; /* LIST takes "-a" for a name; MDTM does not tell a time, does not set one */
    unsigned sums, hash; /* SUM_BIT of what XCRC and its like compute; of what HASH does */
};

/* Connects; nothing is read yet. Fails with the errno of connect(2), -ETIMEDOUT or -ECANCELED. */
int ftpc_connect(struct rt_task *task, const struct sock_addr *to, struct ftpc_how how, struct ftpc **out);
/* Says QUIT, waits a moment for the goodbye, and frees. NULL is fine. */
void ftpc_quit(struct ftpc **ftp);
/* Frees without a word. For CLEANUP. */
void ftpc_drop(struct ftpc **ftp);

int ftpc_greeting(struct ftpc *ftp);

/* TLS (ftpc_tls.c). ftpc_auth asks for it: -EACCES when the server does not want it, and the connection goes on in the clear.
 * ftpc_starttls shakes hands, on a connection that is nothing but that (ftps) or after ftpc_auth; -EPROTO and others are its end.
 * Whom it leads to is looked at with ftpc_peer, before the login. tls and host must live as long as the connection. */
int ftpc_auth(struct ftpc *ftp);
int ftpc_starttls(struct ftpc *ftp, const struct tls_client *tls, const char *host);
int ftpc_peer(const struct ftpc *ftp, struct tls_peer *out);
bool ftpc_is_tls(const struct ftpc *ftp);
/* After ftpc_prepare: does data travel encrypted? */
bool ftpc_is_protected(const struct ftpc *ftp);
/* 1 when a password is wanted next, 0 when that was enough. */
int ftpc_user(struct ftpc *ftp, struct span name);
int ftpc_password(struct ftpc *ftp, struct span password);
/* After login: what the server can do (FEAT), UTF-8 names, binary transfers. */
int ftpc_prepare(struct ftpc *ftp, struct ftpc_can *keep);
/* The same where another connection has already asked, and with it what all of them learn: both have the same `keep`, which lives
 * longer than they do. NULL: nobody shares it. */
int ftpc_prepare_as(struct ftpc *ftp, struct ftpc_can *keep);
/* ftpc_pipe.c: login and ftpc_prepare_as in one go, with the first port, where that login has gone well and commands may come early,
 * to dray before its greeting; then what it answers, as ftpc_user, ftpc_password and ftpc_prepare_as. */
int ftpc_join_say(struct ftpc *ftp, struct ftpc_can *keep, struct span name, struct span password);
int ftpc_join_hear(struct ftpc *ftp);
const struct ftpc_can *ftpc_skills(const struct ftpc *ftp);
/* ftpc_pipe.c: ftpc_prepare with that `keep`, and prints the current folder into `home` (nothing: the server does not say). With `trial` both
 * questions go at once: -EAGAIN when the answers are not those of a server that keeps what comes early; then the connection is
 * good for nothing any more. */
int ftpc_learn(struct ftpc *ftp, struct ftpc_can *keep, bool trial, struct buf *home);
int64_t ftpc_round_trip(const struct ftpc *ftp); /* about, in ns: the quickest answer until now; 0 not known */
bool ftpc_was_ahead(const struct ftpc *ftp);     /* is it lost because answers to what was said ahead did not come? */

int ftpc_cwd(struct ftpc *ftp, struct span folder);
/* Prints the current folder into b. */
int ftpc_pwd(struct ftpc *ftp, struct buf *b);
/* Bytes of a file; -1 in *size when the server cannot say. Only -ENOTCONN, -ECANCELED and -EINVAL are failures. */
int ftpc_size(struct ftpc *ftp, struct span file, int64_t *size);

/* A transfer. ftpc_begin makes the data connection, sends the command ("RETR", "STOR") and returns after the server's confirmation.
 * ftpc_list_begin does so with MLSD where the server has it, else LIST; "" is the current folder. The caller moves bytes, closes *data,
 * and asks ftpc_end for the final word: only its 0 means success. */
int ftpc_begin(struct ftpc *ftp, const char *verb, struct span arg, struct io **data);
/* What is wanted around the next ftpc_begin, where the server bears it: the question for a checksum of the same path (SUMS: none), and
 * EPSV for one more transfer after it. Saves a round trip each: with the command (dray), or with what is asked after the transfer. */
void ftpc_ahead(struct ftpc *ftp, enum sum_id sum, bool another);
/* The next ftpc_begin, of an upload of few bytes, need not wait for the confirmation where that is safe (dray, in the clear): what a
 * refused upload had sent is thrown away. Then ftpc_end brings the refusal. */
void ftpc_hurry(struct ftpc *ftp);
void ftpc_expect(struct ftpc *ftp, int64_t bytes); /* of the whole file: dray is told (ALLO), and stores no less if we are killed */
int ftpc_list_begin(struct ftpc *ftp, struct span folder, bool *facts, struct io **data);
bool ftpc_list_plainly(struct ftpc *ftp, bool plainly); /* shall LIST go without "-a" from now on? Was it otherwise before? */
/* Up to len bytes, 0 at the end. */
ssize_t ftpc_read(struct ftpc *ftp, struct io *data, void *buf, size_t len);
/* As io_line; -ENODATA at the end, -EMSGSIZE for a line that is too long. */
int ftpc_line(struct ftpc *ftp, struct io *data, struct span *line);
/* Up to len bytes of a file from *off, which moves on; 0: the file ended. -EIO may be the file's. */
ssize_t ftpc_sendfile(struct ftpc *ftp, struct io *data, int file, int64_t *off, size_t len);
/* After the last byte was handed over: says so to the server. 0, or that failed. */
int ftpc_close_sent(struct ftpc *ftp, struct io **data);
int ftpc_end(struct ftpc *ftp);
/* Ends a transfer that failed with rc: resets *data, tells the server (ABOR) and reads what it still has to say, so that the session
 * can go on. The task is no longer cancelled when this is called. Returns the failure that tells most: rc, or what the server said. */
int ftpc_give_up(struct ftpc *ftp, struct io **data, int rc);
/* After -ECANCELED outside a transfer: reads the replies that are still due. */
int ftpc_catch_up(struct ftpc *ftp);

/* The last reply: its number, its text (lines joined by '\n'), and the size that a 150 announced (-1: none). */
int ftpc_code(const struct ftpc *ftp);
struct span ftpc_words(const struct ftpc *ftp);
int64_t ftpc_announced(const struct ftpc *ftp);
/* Why the connection is gone: an errno value of the stream, 0 when the server said 421 (then the words tell). */
int ftpc_cause(const struct ftpc *ftp);
/* So is one that is NULL. */
bool ftpc_lost(const struct ftpc *ftp);

#endif
