/* ftp_reply: replies, printed by the server and read by the client (RFC 959 section 4.2). */
#ifndef DRAY_WIRE_FTP_REPLY_H
#define DRAY_WIRE_FTP_REPLY_H

#include "base/buf.h"

/* Prints a reply. Lines of `text` are separated by '\n'; more than one makes "ccc-first", " middle" (with a leading
 * blank, as RFC 2389 wants for FEAT), "ccc last". Control bytes other than '\n' become '?', byte 255 is doubled (it
 * is the IAC of Telnet). b->over is set when it does not fit. */
void ftp_reply_print(struct buf *b, int code, struct span text);

enum { FTP_REPLY_TEXT = 4096, FTP_REPLY_LINES = 1000 };

/* A reply under construction. Zeroed is ready to start. */
struct ftp_reply {
    int code;                  /* 100..599 once complete */
    int lines;                 /* read so far */
    bool multi;
    char text[FTP_REPLY_TEXT]; /* lines joined by '\n', code and separator (or a middle line's leading blank) removed;
                                * cut when longer, never grown; no NUL */
    size_t len;
    bool cut;
};

/* Feeds one line (no line end). Returns 1 when the reply is complete, 0 when more lines must follow,
 * -EBADMSG for a line that cannot be part of a reply, -EMSGSIZE after FTP_REPLY_LINES lines. */
int ftp_reply_feed(struct ftp_reply *r, struct span line);

/* The text inside the first pair of double quotes, doubled quotes undone (257 replies), printed into b.
 * -EBADMSG when there is none. */
int ftp_reply_quoted(struct span text, struct buf *b);

#endif
