/* term: what the client must know about a terminal. -errno on failure. */
#ifndef DRAY_SYS_TERM_H
#define DRAY_SYS_TERM_H

#include <stdbool.h>

/* Is the descriptor a terminal that understands cursor movement (TERM=dumb does not)? */
bool term_is(int fd);

/* Columns, asked anew each time because windows are resized; 80 when it cannot be known. */
unsigned term_width(int fd);

/* Shows typed characters again, or hides them for a password. */
int term_echo(int fd, bool on);

#endif
