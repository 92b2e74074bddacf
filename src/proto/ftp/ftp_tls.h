/* ftp_tls: what TLS means to the rest of an FTP session: where it begins, and how a data connection may travel. */
#ifndef DRAY_PROTO_FTP_FTP_TLS_H
#define DRAY_PROTO_FTP_FTP_TLS_H

#include "proto/ftp/ftp.h"

/* The control connection speaks TLS from here on; a failure ends it. */
int ftp_starttls(struct ftp *);
/* May data travel as it is arranged? 521 is arranged where not. */
int data_level(struct ftp *);
/* TLS on a data connection, if it is arranged. May wait, hears ABOR. */
int data_protect(struct ftp *, struct io *data);
/* An upload has ended. -ENETRESET: perhaps too early. */
int data_whole(struct ftp *, const struct io *data, int64_t bytes);

#endif
