/* text: making bytes from outside harmless before they reach a reply, a listing, a log or a terminal. */
#ifndef DRAY_WIRE_TEXT_H
#define DRAY_WIRE_TEXT_H

#include "base/buf.h"

/* Is it well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF)? */
bool text_is_utf8(struct span s);

/* Prints s with every C0 control, DEL and UTF-8 encoded C1 control (U+0080..U+009F) as one '?'. Other bytes,
 * well-formed or not, stay as they are: names are bytes. For replies and listings. */
void text_plain(struct buf *b, struct span s);

/* As text_plain, and bytes that are not UTF-8 become '?' too, as do the bidirectional controls U+202A..U+202E and
 * U+2066..U+2069: for terminals and logs. */
void text_terminal(struct buf *b, struct span s);

/* Does text_plain change it? Such a name cannot be listed: it could forge a line. */
bool text_has_control(struct span s);

/* Prints s as a JSON string with its quotes (RFC 8259): bytes that are not UTF-8 become U+FFFD. */
void text_json(struct buf *b, struct span s);

/* Prints s with every '"' doubled, control bytes as '?': the form of 257 replies (RFC 959 appendix II). No outer
 * quotes. */
void text_quoted(struct buf *b, struct span s);

#endif
