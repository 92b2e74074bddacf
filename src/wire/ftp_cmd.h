/* ftp_cmd: one line of the control connection, as the server reads it (RFC 959 section 5.3, RFC 1123 4.1.2.12, RFC
 * 854). */
#ifndef DRAY_WIRE_FTP_CMD_H
#define DRAY_WIRE_FTP_CMD_H

#include "base/span.h"

enum { FTP_VERB_CAP = 8 };

struct ftp_cmd {
    char verb[FTP_VERB_CAP]; /* upper case, NUL-terminated */
    struct span arg;         /* all that follows ONE blank: names may begin and end with blanks */
};

/* Takes Telnet commands out of a line, in place: IAC WILL/WONT/DO/DONT x, IAC SB.., IAC IP, IAC DM and the other IAC
 * commands vanish, IAC IAC becomes one byte 255; an IAC before any other byte stays (Latin-1 'y' with dieresis in a
 * name). A lone DM (0xF2) or IAC in front of a command (what is left of a Synch whose other half went as urgent data)
 * vanishes, too.
 * Returns the new length. */
size_t ftp_telnet_strip(char *line, size_t len);

/* Splits a line without its line end. Verb: 1 to 7 characters, letters of any case, behind them digits (XSHA256).
 * -EINVAL: no verb or a verb with other characters; -E2BIG: a verb too long; -EBADMSG: a NUL, CR or LF inside the
 * line. */
int ftp_cmd_parse(struct span line, struct ftp_cmd *out);

/* Does the line look like an HTTP request ("GET / HTTP/1.1", "Host: x")? Browsers can be tricked into sending those. */
bool ftp_cmd_is_http(struct span line);

#endif
