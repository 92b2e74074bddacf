/* netrc: the file of logins that ftp(1) and curl share. Pure text. */
#ifndef DRAY_WIRE_NETRC_H
#define DRAY_WIRE_NETRC_H

#include "base/span.h"

enum { NETRC_WORD = 128 };

/* NUL-terminated; "" where the entry says nothing. */
struct netrc {
    char login[NETRC_WORD], password[NETRC_WORD];
};

/* The first entry for this host (or `default`) whose login is `user`; any login when user is empty. An entry without a login
 * fits every user. Words are separated by blanks and line ends; one in "double quotes" may hold them, and a backslash there
 * keeps the next byte. `#` as a word starts a comment; what `macdef` defines is passed over. -ENOENT: there is none; -E2BIG: a
 * login or password of that entry is longer than NETRC_WORD. *out is untouched then. */
int netrc_find(struct span text, struct span host, struct span user, struct netrc *out);

#endif
