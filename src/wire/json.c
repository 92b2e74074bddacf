/* json: see json.h. Called by the client's report for --json; owns nothing, and fails only as every printer does, through
 * `over`. RFC 8259. */
#include "wire/json.h"

#include "wire/text.h"

void json_begin(struct buf *b)
{
    buf_putc(b, '{');
}

static void put_key(struct buf *b, const char *key)
{
    if (b->len && b->at[b->len - 1] != '{')
        buf_putc(b, ',');
    buf_putc(b, '"');
    buf_text(b, key);
    buf_text(b, "\":");
}

void json_text(struct buf *b, const char *key, struct span value)
{
    put_key(b, key);
    text_json(b, value);
}

void json_number(struct buf *b, const char *key, int64_t value)
{
    put_key(b, key);
    buf_printf(b, "%lld", (long long)value);
}

void json_seconds(struct buf *b, const char *key, int64_t ns)
{
    put_key(b, key);
    buf_printf(b, "%lld.%03d", (long long)(ns / 1000000000), (int)(ns / 1000000 % 1000));
}

void json_bool(struct buf *b, const char *key, bool value)
{
    put_key(b, key);
    buf_text(b, value ? "true" : "false");
}

void json_end(struct buf *b)
{
    buf_text(b, "}\n");
}
