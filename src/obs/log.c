/* log: prints one event into a bounded line and writes it at once (see log.h). Called from every process and thread; owns
 * nothing. A line that does not fit is cut; a log that cannot be written is no reason to fail a transfer. */
#include "obs/log.h"

#include <time.h>

#include "base/buf.h"
#include "sys/clock.h"
#include "sys/fs.h"
#include "wire/text.h"

enum { LINE = 1500 };

static void print_time(struct buf *b)
{
    time_t now = clock_wall();
    struct tm tm;
    char text[32];

    gmtime_r(&now, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_text(b, text);
}

static bool is_plain(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] == '"' || s.at[i] == '=' || s.at[i] == '\\')
            return false;
    return s.len && text_is_utf8(s);
}

static void text_item(struct buf *b, const struct log_item *item)
{
    buf_printf(b, " %s=", item->key);
    if (!item->text.at)
        buf_printf(b, "%lld", (long long)item->number);
    else if (is_plain(item->text))
        text_terminal(b, item->text);
    else
        text_json(b, item->text);
}

static void json_item(struct buf *b, const struct log_item *item)
{
    buf_printf(b, ",\"%s\":", item->key);
    if (item->text.at)
        text_json(b, item->text);
    else
        buf_printf(b, "%lld", (long long)item->number);
}

/* An item that does not fit whole is left out, so that the line stays well-formed. */
static void put_item(const struct log *log, struct buf *b, const struct log_item *item)
{
    size_t before = b->len;

    if (log->json)
        json_item(b, item);
    else
        text_item(b, item);
    if (b->over)
        b->len = before;
    b->over = false;
}

void log_items(const struct log *log, const char *event, const struct log_item *items, size_t n)
{
    char line[LINE];
    struct buf b = { .at = line, .cap = sizeof line - 2 };

    if (log->fd < 0)
        return;
    buf_text(&b, log->json ? "{\"time\":\"" : "");
    print_time(&b);
    buf_printf(&b, log->json ? "\",\"event\":\"%s\"" : " %s", event);
    for (size_t i = 0; i < n; i++)
        put_item(log, &b, &items[i]);
    b.cap = sizeof line;
    buf_text(&b, log->json ? "}\n" : "\n");
    fs_write_all(log->fd, b.at, b.len);
}
