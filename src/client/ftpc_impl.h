/* ftpc_impl: the control connection itself, for the ftpc files and the doctor's, who ask what no verb asks. */
#ifndef DRAY_CLIENT_FTPC_IMPL_H
#define DRAY_CLIENT_FTPC_IMPL_H

#include "client/ftpc.h"
#include "wire/ftp_reply.h"

/* ANY: nobody waits for it, but it will come. */
enum ftpc_answer { ANSWER_ANY, ANSWER_SUM, ANSWER_PORT, ANSWER_RANGE };

enum { AHEAD_MOST = 8 };

/* What is said ahead of its time, and what comes of it, in the order of the questions. Whoever asks something else first takes in
 * what is due (ftpc_ask does). */
struct ftpc_ahead {
    bool sum, another; /* wanted with the next transfer, or after it */
    bool hurry;        /* the next transfer does not wait for its confirmation */
    int64_t bytes;     /* of the next upload; 0 not told */
    enum sum_id kind;
    enum ftpc_answer due[AHEAD_MOST]; /* asked: the answer has not been read */
    unsigned count;
    bool astray;   /* the range of the transfer that was asked for with it was refused */
    bool has_port; /* it has: `port` waits for the next transfer */
    uint16_t port;
};

struct ftpc {
    struct rt_task *task;
    struct io *io;
    struct ftpc_how how;
    struct sock_addr peer; /* data connections go here, whatever PASV says */
    struct ftp_reply reply;
    bool mid_reply;    /* an interrupted wait left `reply` unfinished */
    int due;           /* final replies that are still to come */
    bool transferring; /* a transfer command was sent and its final reply has not come */
    bool ended;        /* its final reply came before the data ended: it is in `reply` */
    bool lost;
    int cause;
    const struct tls_client *tls; /* NULL: in the clear */
    const char *host;      /* for TLS; somebody else's */
    bool protect;          /* data connections are encrypted, too */
    bool fresh_tls;        /* but do not resume the TLS session of this one: only to see whether they may */
    int64_t quickest;      /* of all answers, in ns: about one round trip; 0 not known */
    struct ftpc_can own, *can; /* own: who shares with nobody */
    struct ftpc_ahead ahead;
    bool is_open;      /* ftpc_restart has opened it already, as `opened` */
    int opened;
    unsigned way, failed_ways; /* of this transfer: how its data connection comes about; what was tried before (1u << enum ftpc_way) */
};

/* Sends a command; its reply is then due. No argument when arg is empty. */
int ftpc_send(struct ftpc *ftp, const char *verb, struct span arg);
/* The same without sending yet: ftpc_flush does. */
int ftpc_queue(struct ftpc *ftp, const char *verb, struct span arg);
int ftpc_flush(struct ftpc *ftp);
/* ftpc_pipe.c. An answer to what was just queued is to come; is one to come; the next that is, which is then the caller's to read. */
void ftpc_owe(struct ftpc *ftp, enum ftpc_answer kind);
bool ftpc_owed(const struct ftpc *ftp, enum ftpc_answer kind);
enum ftpc_answer ftpc_owed_next(struct ftpc *ftp);
/* Reads what was asked ahead, so that the next answer is the next question's; and the same up to the port. */
int ftpc_take_in(struct ftpc *ftp);
int ftpc_take(struct ftpc *ftp, unsigned n); /* the first n of it */
int ftpc_take_port(struct ftpc *ftp);
/* Queues what ftpc_ahead wanted: with the transfer of a path, where the server bears that; or now, the port only. */
int ftpc_queue_ahead(struct ftpc *ftp, struct span path);
int ftpc_queue_port(struct ftpc *ftp);
/* Two commands in one go, the second good for nothing without the first: the first refusal, or 0. */
int ftpc_ask_two(struct ftpc *ftp, const char *verb, struct span arg, const char *then, struct span with);
/* ftpc_ask.c: what the reply to FEAT says. */
void ftpc_read_features(struct ftpc *ftp, int code);
/* ftpc_data.c: after the reply to EPSV: 0 with the port, else why not. */
int ftpc_port_of_reply(struct ftpc *ftp, int code, uint16_t *port);
/* ftpc_file.c: asks for the checksum of a whole file by XCRC or its like, without waiting. */
int ftpc_queue_sum(struct ftpc *ftp, struct span path, enum sum_id id);
/* The next reply, preliminary ones included: its code. */
int ftpc_reply(struct ftpc *ftp);
/* The next final reply: its code, 200 or more. */
int ftpc_final(struct ftpc *ftp);
/* Reads what is of no use behind a refusal: the words of that one stay the last, if there is memory to keep them in. */
int ftpc_read_over(struct ftpc *ftp, int (*read)(struct ftpc *));
/* ftpc_send and ftpc_final; and the same with the question for the next port, if ftpc_ahead said so. */
int ftpc_ask(struct ftpc *ftp, const char *verb, struct span arg);
int ftpc_ask_and_port(struct ftpc *ftp, const char *verb, struct span arg);
/* That is how long an answer took: of those the shortest counts. */
void ftpc_measured(struct ftpc *ftp, int64_t asked);
/* After a wait that the control connection interrupted: is there something to be read, or its end? It may have been the echo of
 * what was read before. Does not wait. */
bool ftpc_has_word(struct ftpc *ftp);
/* ftpc_tls.c: the handshake of a data connection, if it shall be encrypted. */
int ftpc_shake_data(struct ftpc *ftp, struct io *data);
/* The last reply as a result: 0 for 2xx and 3xx, else -ENOENT, -EPIPE or -EACCES. */
int ftpc_verdict(const struct ftpc *ftp);

/* The ways to a data connection. */
enum ftpc_way { FTPC_EPSV, FTPC_PASV, FTPC_PORT, FTPC_WAYS };

/* ftpc_data.c: before the command, a connected descriptor (passive) or a listening one (active); after the server's
 * confirmation, ftpc_data_take turns the latter into the connection. The caller closes *fd (-1: none) by rt_close, also after
 * a failure. */
int ftpc_data_open(struct ftpc *ftp, int *fd);
int ftpc_data_take(struct ftpc *ftp, int *fd);
/* Closes what ftpc_restart has opened, if nobody has taken it. */
void ftpc_data_forget(struct ftpc *ftp);
/* The transfer failed for want of its data connection: another way the next time, if there is one. */
void ftpc_data_doubt(struct ftpc *ftp);
/* What a failed wait on a data connection is called: -ECANCELED, -ENOMEM, else -EPIPE. */
int ftpc_data_failed(int rc);

#endif
