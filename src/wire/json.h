/* json: prints one object on one line (RFC 8259), member by member. Strings are made valid by text_json, whatever bytes they hold. */
#ifndef DRAY_WIRE_JSON_H
#define DRAY_WIRE_JSON_H

#include "base/buf.h"

/* An object under construction: json_begin, members, json_end. What does not fit sets b->over. Keys are literals of ours. */
void json_begin(struct buf *b);
void json_text(struct buf *b, const char *key, struct span value);
void json_number(struct buf *b, const char *key, int64_t value);
void json_seconds(struct buf *b, const char *key, int64_t ns); /* with three decimals */
void json_bool(struct buf *b, const char *key, bool value);
/* Also the line end. */
void json_end(struct buf *b);

#endif
