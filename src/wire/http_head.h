/* http_head: the head of an HTTP/1.1 request, as the server reads it (RFC 9112 sections 2 to 6, RFC 9110 section 5). Strict: where
 * two readers could understand a head differently (request smuggling), it is refused. */
#ifndef DRAY_WIRE_HTTP_HEAD_H
#define DRAY_WIRE_HTTP_HEAD_H

#include "base/span.h"

enum { HTTP_HEAD_MAX = 8192, HTTP_TARGET_MAX = 6144, HTTP_FIELDS_MAX = 100 };

/* The fields that the server knows: X(id, "name"). One that comes twice is refused, but for
 * Connection, Accept and Accept-Language, of which the first line is kept. */
#define HTTP_FIELDS(X) \
    X(HOST, "host") X(CONNECTION, "connection") X(CONTENT_LENGTH, "content-length") X(TRANSFER_ENCODING, "transfer-encoding") \
    X(EXPECT, "expect") X(RANGE, "range") X(IF_RANGE, "if-range") X(IF_MATCH, "if-match") X(IF_NONE_MATCH, "if-none-match") \
    X(IF_MODIFIED_SINCE, "if-modified-since") X(IF_UNMODIFIED_SINCE, "if-unmodified-since") X(ACCEPT, "accept") \
    X(ACCEPT_LANGUAGE, "accept-language") X(AUTHORIZATION, "authorization") X(COOKIE, "cookie") X(ORIGIN, "origin") \
    X(SEC_FETCH_SITE, "sec-fetch-site") X(DESTINATION, "destination") X(OVERWRITE, "overwrite") X(CONTENT_TYPE, "content-type") \
    X(CONTENT_ENCODING, "content-encoding") X(CONTENT_RANGE, "content-range") X(CONTENT_DIGEST, "content-digest") \
    X(REPR_DIGEST, "repr-digest") X(WANT_REPR_DIGEST, "want-repr-digest") X(X_OC_MTIME, "x-oc-mtime") \
    X(TUS_RESUMABLE, "tus-resumable") X(UPLOAD_LENGTH, "upload-length") X(UPLOAD_OFFSET, "upload-offset") X(UPLOAD_METADATA, "upload-metadata") \
    X(UPLOAD_CHECKSUM, "upload-checksum")

enum http_field {
#define HTTP_FIELD_ID(id, name) HTTP_##id,
    HTTP_FIELDS(HTTP_FIELD_ID)
#undef HTTP_FIELD_ID
        HTTP_FIELD_COUNT
};

/* Views into the head. */
struct http_head {
    struct span method;  /* a token, as it came */
    struct span target;  /* origin-form ("/a?b"), or "*"; of an absolute-form what follows the authority, or "/";
                            field[HTTP_HOST] is then that authority */
    unsigned minor;      /* of HTTP/1.minor */
    struct span field[HTTP_FIELD_COUNT]; /* without blanks at the ends; at NULL: it did not come */
    int64_t length;      /* of the body; -1: none was told, 0 then unless chunked */
    bool chunked, keep_alive, expect_continue;
};

/* Reads a whole head, the empty line included; up to two empty lines before it are passed over (RFC 9112 section 2.2). 0, or the
 * status to answer before the connection is closed: 400, 414 (target), 431 (fields), 501 (transfer coding), 505 (version). Refused with 400 are: a field name with blanks before the colon, obs-fold, NUL and controls,
 * two lengths (also equal ones), length and chunked, chunked in HTTP/1.0, no Host or two (HTTP/1.1). */
int http_head_parse(struct span head, struct http_head *out);

/* Does a comma-separated field hold that token (of any case)? For Connection and the like. */
bool http_has_token(struct span list, struct span token);

/* Does a list of entity tags (If-Match, If-None-Match) hold `etag` ('"..."', quotes included), or is it "*"? weak: W/ counts as
 * equal (RFC 9110 section 8.8.3.2); else only strong ones do. */
bool http_has_etag(struct span list, struct span etag, bool weak);

#endif
