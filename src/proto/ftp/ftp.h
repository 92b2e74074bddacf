/* ftp: what the files of an FTP session share. A verb is `int verb_x(struct ftp *, struct span arg)`: straight-line code that
 * replies and returns 0, or returns -errno and leaves the reply to the dispatcher, which finds the code in ftp.def. */
#ifndef DRAY_PROTO_FTP_FTP_H
#define DRAY_PROTO_FTP_FTP_H

#include "proto/session.h"
#include "proto/xfer.h"
#include "wire/ftp_addr.h"
#include "wire/ftp_hash.h"

enum ftp_data_mode { DATA_NONE, DATA_PASSIVE, DATA_ACTIVE };

struct ftp_data {
    enum ftp_data_mode mode;
    struct passive_lease lease; /* PASSIVE */
    uint16_t port;              /* ACTIVE: of the client's own address */
};

/* Ten thousand of these are there while their clients think: what is small is kept small. */
struct ftp {
    struct session *s;
    char *cwd;         /* virtual path, ours; NULL: "/" */
    char *rename_from; /* between RNFR and RNTO, ours */
    char *partial_of;  /* what SITE PARTIAL was asked for last, ours */
    char *user;        /* the name that USER gave, ours; NULL: none yet, or it is logged in */
    struct ftp_data data;
    int64_t restart;   /* REST, for the next transfer */
    struct ftp_range range; /* RANG, for the next command */
    int64_t login_by;  /* deadline of logging in */
    int64_t ends;      /* of the whole session */
    int64_t allo;      /* what ALLO announced for the next transfer; 0: nothing */
    unsigned short facts; /* OPTS MLST */
    unsigned char hash;   /* OPTS HASH: an enum sum_id */
    unsigned char bad;    /* commands before login that made no sense */
    unsigned char guesses; /* wrong passwords */
    bool ascii, epsv_all, user_given, over;
    bool buffer_size_given, protect; /* PBSZ; PROT P */
    bool aborted;      /* ABOR was heard during the transfer */
    bool deaf;         /* what comes next on the control connection has to wait its turn */
    int fail_code;     /* the reply to the command's failure, where a step knows better than the table; 0: it does not */
    const struct xfer *moving; /* the transfer or checksum under way, for STAT */
    const char *path;  /* the path that the command is about, for error texts */
};

/* ---- replies (ftp.c) ---- */

/* Puts a reply into the output: it leaves before the session next waits for the client. Lines separated by '\n'. What comes
 * from a client goes through show() first. */
int reply(struct ftp *, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A text of any length. */
int reply_span(struct ftp *, int code, struct span text);
/* Sends what was put. */
int reply_now(struct ftp *);
/* -rc with a reply code of its own instead of the row's. */
int fail_with(struct ftp *, int code, int rc);
/* Bytes of a client's, harmless in a reply; lives until the next command. */
const char *show(struct ftp *, struct span bytes);
/* The current folder. */
const char *ftp_cwd(const struct ftp *);
/* The name that USER gave, as it is logged in where it is. */
const char *ftp_user(const struct ftp *);
/* The virtual path that an argument names; lives until the next command, and is what errors talk about. */
int ftp_path(struct ftp *, struct span arg, char **out);
/* ABOR, STAT and NOOP while data moves: reads what has come and answers. <0 when the transfer must end, 1 when what came has
 * to wait its turn, so that nothing more need be heard. ctx is the struct ftp. */
int ftp_heard(void *ctx);
/* For work without a data connection: ftp_hear before it, ftp_turn between two steps. Others run, and the same is heard; also
 * that the client has left, behind whatever it has sent before. */
int ftp_hear(struct ftp *);
int ftp_turn(struct ftp *);

/* One row of ftp.def. */
struct ftp_row {
    const char *verb;
    int (*run)(struct ftp *, struct span arg);
    unsigned flags;
    int code;
    const char *syntax, *help;
};
enum { LOGIN = 1, ARG = 2, KEEP = 4 };
extern const struct ftp_row ftp_rows[];
extern const unsigned ftp_rows_count;
const struct ftp_row *ftp_row_find(struct span verb);

/* ---- the data connection (ftp_data.c) ---- */

/* Opens what PASV or PORT arranged; `first` is the 1xx reply. May wait, hears ABOR. On failure 425 is arranged. */
int data_open(struct ftp *, const char *first, struct io **out);
/* Forgets PASV and PORT. */
void data_forget(struct ftp *);
/* A transfer over this stream (way: RATE_DOWN, RATE_UP), its errors turned into 426, 451 and 452 by data_result. */
struct xfer data_xfer(struct ftp *, struct io *data, unsigned way);
int data_result(struct ftp *, struct xfer *, int rc);

/* ---- listings shared by LIST, STAT, MLSx (ftp_list.c) ---- */
/* STAT path: the listing inside the reply, bounded. */
int list_on_control(struct ftp *, struct span arg);
/* The names of the facts, the enabled ones starred: "type*;size*;". */
void facts_print(struct buf *b, unsigned facts, bool all, const char *star);

/* ---- checksums (ftp_hash.c) ---- */
/* OPTS HASH, the argument behind the word; and its line of FEAT. */
int opts_hash(struct ftp *f, struct span arg);
void hash_feature(struct buf *b, enum sum_id chosen);

/* The sum of a whole file in the session's algorithm (ftp_hash.c). May wait, hears ABOR. */
int hash_whole(struct ftp *, struct file *, struct sums *out);

/* SITE UTIME and CHMOD (ftp_fact.c) and PARTIAL (ftp_partial.c), arguments behind the word. */
int site_utime(struct ftp *, struct span arg);
int site_chmod(struct ftp *, struct span arg);
int site_partial(struct ftp *, struct span arg);
/* It has become a file: the path means that again. */
void ftp_partial_done(struct ftp *);

#define FTP(verb, handler, flags, code, syntax, help) int verb_##handler(struct ftp *, struct span arg);
#include "proto/ftp/ftp.def"
#undef FTP

#endif
