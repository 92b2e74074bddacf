/* words: a line typed at the menu: a command, then a name that is the whole rest. Pure. */
#ifndef DRAY_CLIENT_WORDS_H
#define DRAY_CLIENT_WORDS_H

#include "base/buf.h"

/* Cuts the first word off the line; *rest is what follows the blanks after it. */
struct span words_first(struct span line, struct span *rest);

/* The name that `raw` stands for, printed into b: blanks around it do not count; "in quotes" they do, and there a
 * backslash keeps the next character as it is. Quotes that do not open and close the whole are ordinary characters. */
void words_name(struct span raw, struct buf *b);

/* The beginning of a name, as typed so far (its closing quote may be missing), for completion. */
void words_partial(struct span raw, struct buf *b);

/* Prints a name so that words_name understands it, in quotes when it needs them or `quoted` asks; `whole` closes
 * them. */
void words_quote(struct buf *b, struct span name, bool quoted, bool whole);

#endif
