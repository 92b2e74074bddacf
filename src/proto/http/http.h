/* http: what the files of an HTTP session share. A method is `int http_x(struct http *)`: straight-line code that answers and
 * returns 0, or returns -errno and leaves the answer to the dispatcher; what it began to answer and cannot finish ends the session. */
#ifndef DRAY_PROTO_HTTP_HTTP_H
#define DRAY_PROTO_HTTP_HTTP_H

#include "proto/session.h"
#include "proto/xfer.h"
#include "wire/http_head.h"
#include "wire/http_range.h"

/* The request under way: scratch memory. */
struct http_ask {
    struct http_head head;
    struct span query;   /* at NULL: none */
    char *path;          /* of the store */
    bool slash;          /* the target ended with a slash */
    bool head_only, json; /* HEAD; the client wants JSON, also of errors */
    bool begun;          /* the answer's head has been put */
    bool awaits_go;      /* the body comes only after a 100 */
    bool in_chunk;       /* the line end behind a chunk is still to come */
    int64_t left;        /* of the body, or of this chunk */
    bool body_over;
    struct buf fields;   /* of the answer: see http_field */
    struct span link;    /* the drop link's address that it came by; at NULL: none (http_drop.h). Then also: */
    size_t below;        /* bytes of the path that are the link's folder */
    int64_t link_end;
    struct sums said;    /* of the body: see http_sums */
};

/* Ten thousand of these are there while their clients think. */
struct http {
    struct session *s;
    struct http_ask *ask; /* NULL: between two requests */
    char *passed;         /* the Authorization field that has logged in, ours */
    int64_t ends;         /* of the whole session */
    unsigned char guesses;
    bool over;            /* after this answer */
    bool broken;          /* an answer that was begun has no end */
};

/* ---- answers (http_reply.c) ---- */

/* Adds a field to the answer that comes. Values from clients were percent-encoded or checked before. */
void http_field(struct http *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, without a format: `name` ends with ": ". */
void http_field_put(struct http *, const char *name, struct span value);
/* Begins the answer; length -1: streamed (see struct http_out). type NULL: no body. */
int http_begin(struct http *, unsigned status, const char *type, int64_t length);
/* A whole answer with no body, or with a sentence (plain, HTML or JSON, as the client likes it). */
int http_done(struct http *, unsigned status);
int http_say(struct http *, unsigned status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The answer to a failure; its status alone. */
int http_fail(struct http *, int rc);
unsigned http_status(int rc);
/* The policies of pages of ours, and of files of theirs; how a page of ours begins. */
extern const char http_page_policy[], http_file_policy[], http_page_head[];

/* A body that is streamed: in chunks, or (HTTP/1.0) to the end of the connection. */
struct http_out {
    struct http *h;
    struct xfer x;
    struct buf out;
    bool chunked;
};
int http_out_begin(struct http *, unsigned status, const char *type, struct http_out *);
/* Sends what is in out.out, and empties it. */
int http_out_push(struct http_out *);
/* The same, and then the beginning of a file: as xfer_send. */
int http_out_file(struct http_out *, struct file *, int64_t size);
int http_out_end(struct http_out *);
void http_out_free(struct http_out *);
enum { HTTP_BLOCK = 64 * 1024, HTTP_FIELDS_ROOM = 3 * 4096 + 2048 };

/* A transfer over the connection itself. */
struct xfer http_xfer(struct http *, unsigned way);

/* ---- bodies of requests (http_body.c) ---- */

/* What the fields say of the body's sums, into ask->said (RFC 9530). 0, 1: they are not in order, and that was answered; <0. */
int http_sums(struct http *);
/* The body into a file, all of it, without a commit. -EPIPE: it broke off; then failed is XFER_STREAM. -EILSEQ: its sums are not those of
 * ask->said. */
int http_receive(struct http *, struct xfer *, struct file *);
/* Some of the body, for who looks at it first; 0: that was all. */
ssize_t http_body_read(struct http *, struct xfer *, void *buf, size_t len);
/* A short body as text in scratch memory; -EMSGSIZE: it is longer than max. */
int http_body_text(struct http *, size_t max, struct span *out);
/* What is left of it is read away; what is too long for that ends the session (known before the answer begins). */
bool http_body_short(const struct http_ask *);
int http_body_drop(struct http *);

/* ---- places (http_get.c, http_list.c, http_own.c, http_tus.c) ---- */

/* The entity tag of what is there, quotes included; weak while a change could go unseen. */
void http_etag(struct buf *b, const struct store_stat *, int64_t now);
/* What If-Match and its like say of what is there (st NULL: nothing): 0, or the status to answer. */
unsigned http_conditions(const struct http *, const struct store_stat *st);
int http_folder(struct http *);
/* The type of a name by its end. */
const char *http_type(struct span name);
/* Addresses below /.well-known/dray/: not of the store. */
bool http_is_own(struct span path);
int http_own(struct http *);
/* Uploads that can be resumed (http_tus.c): addresses with the query `tus`. */
bool http_is_tus(const struct http *);
int http_tus_look(struct http *), http_tus_drop(struct http *);
/* A POST of a form with files, of who runs no script (http_form.c). */
bool http_is_form(const struct http *);
int http_form(struct http *);
/* Is the name taken? What is not shown is not there. */
bool http_there(const struct http *, const char *path, struct store_stat *);
/* A path that a field names: Destination. 0, -EINVAL, -ENAMETOOLONG. */
int http_path(struct http *, struct span target, char **out, bool *slash);

void http_log(const struct http *, const char *event, const char *path, int64_t bytes);
#define HTTP(method, handler, flags) int http_##handler(struct http *);
#include "proto/http/http.def"
#undef HTTP

#endif
