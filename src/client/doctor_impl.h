/* doctor_impl: what the checks of the doctor share. For the doctor's files only. */
#ifndef DRAY_CLIENT_DOCTOR_IMPL_H
#define DRAY_CLIENT_DOCTOR_IMPL_H

#include "client/doctor.h"
#include "client/ftpc_file.h"
#include "client/ftpc_impl.h"
#include "client/listing.h"
#include "sys/digest.h"

enum verdict { VERDICT_OK, VERDICT_SKIPPED, VERDICT_WARN, VERDICT_BAD, VERDICTS };

struct finding {
    enum verdict verdict;
    char what[700]; /* may hold words of the server: made harmless where it is printed */
    const char *fix; /* NULL: nothing to do */
};

enum { DOCTOR_TAIL = 64 << 10, DOCTOR_BYTES = 4 << 20, DOCTOR_MOST = 16 << 20, DOCTOR_SECONDS = 20 };

/* One run. */
struct exam {
    const struct doctor *d;
    struct site site;
    struct rt_task task;
    struct ftpc *ftp;
    struct finding now;
    char note[500];  /* what a connection brought up that is worth telling */
    unsigned count[VERDICTS], hung;
    int64_t end;     /* no check begins after that */
    enum outcome out;
    bool promised_mlst;
    char home[PATH_CAP];   /* the folder that was asked for */
    char folder[PATH_CAP]; /* ours, with --write; "" none */
    char path[PATH_CAP];   /* scratch */
    char sample[PATH_CAP]; /* a file to read; "" none */
    int64_t size, mtime;   /* of the sample, as the listing says */
    int64_t got;           /* bytes of it that came; -1: not read */
    struct sums sums;
    enum sum_id sum;       /* which of them; SUMS none */
    char line[64 << 10]; /* to be printed: an object */
    char tail[DOCTOR_TAIL];
    size_t tail_len;
};

__attribute__((format(printf, 4, 5))) void exam_found(struct exam *x, enum verdict v, const char *fix, const char *fmt, ...);
/* What a failed call of ftpc means, in words; the session is in step again, or lost. */
void exam_failed(struct exam *x, enum verdict v, const char *fix, const char *doing, int rc);

/* A listing of the folder over one way (FTPC_WAYS: any). As listing_load, but never for long. */
int exam_list(struct exam *x, const char *folder, unsigned way, struct listing *l);
/* A path in our folder, in x->path. */
struct span exam_path(struct exam *x, const char *leaf);

/* doctor_begin.c: until the login, and what TLS is like. */
void check_addresses(struct exam *x);
void check_login(struct exam *x);
void check_tls(struct exam *x);
void check_protected(struct exam *x);
void check_reuse(struct exam *x);
/* doctor_data.c: how data connections come about. */
void check_epsv(struct exam *x);
void check_pasv(struct exam *x);
void check_ports(struct exam *x);
void check_active(struct exam *x);
/* doctor_files.c: what is said of files, and whether it is true. doctor_move.c: how they travel. */
void check_names(struct exam *x);
void check_listing(struct exam *x);
void check_upload(struct exam *x);
void check_clock(struct exam *x);
void check_download(struct exam *x);
void check_size(struct exam *x);
void check_resume(struct exam *x);
void check_sums(struct exam *x);
void check_times(struct exam *x);
void check_broken(struct exam *x);
void check_idle(struct exam *x);

/* doctor_tell.c */
void tell_check(struct exam *x, const char *name);
void tell_talk(void *exam, bool sent, struct span line); /* an ftpc_talk */
void tell_end(const struct exam *x);

#endif
