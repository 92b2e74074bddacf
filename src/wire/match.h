/* match: file name patterns in linear time and constant stack: * ? [a-z] [!a-z] and \ to quote. No braces, no
 * recursion, so no pattern can keep a server busy (CVE-2011-0762 was a pattern). */
#ifndef DRAY_WIRE_MATCH_H
#define DRAY_WIRE_MATCH_H

#include "base/span.h"

/* Does the whole name match? An unclosed '[' is an ordinary character. '*' and '?' match any byte but '/'. A leading
 * dot is nothing special here: hiding names is the store's business. Time is O(len(pattern) * len(name)). */
bool match(struct span pattern, struct span name);

/* Does the text hold a character that match() treats specially (* ? [)? */
bool match_is_pattern(struct span text);

#endif
