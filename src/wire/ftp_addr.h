/* ftp_addr: host and port as FTP writes them: PORT and 227 (RFC 959), EPRT and 229 (RFC 2428). Pure text. */
#ifndef DRAY_WIRE_FTP_ADDR_H
#define DRAY_WIRE_FTP_ADDR_H

#include "base/buf.h"

struct ftp_addr {
    int net;               /* RFC 2428 protocol number: 1 IPv4, 2 IPv6 */
    unsigned char ip[16];  /* network order; IPv4 uses the first four */
    uint16_t port;         /* host order */
};

/* "h1,h2,h3,h4,p1,p2": six decimal numbers 0..255. -EINVAL otherwise. */
int ftp_addr_parse_port(struct span s, struct ftp_addr *out);
/* "|1|132.235.1.2|6275|" with any delimiter from RFC 2428 (33..126).
 * -EINVAL malformed; -EAFNOSUPPORT well-formed with an unknown network number. */
int ftp_addr_parse_eprt(struct span s, struct ftp_addr *out);
/* The text of a 227 reply: finds the six numbers, with or without parentheses. */
int ftp_addr_parse_227(struct span text, struct ftp_addr *out);
/* The text of a 229 reply: "(|||6446|)". */
int ftp_addr_parse_229(struct span text, uint16_t *port);

void ftp_addr_print_port(struct buf *b, const struct ftp_addr *a); /* "127,0,0,1,8,0"; IPv4 only */
void ftp_addr_print_eprt(struct buf *b, const struct ftp_addr *a); /* "|2|::1|2048|" */

#endif
