/* ftp_reply: the client's reader with any lines, and the printer with any text: what it prints is exactly one reply, ends
 * where it ends, and holds no control byte; fed back it gives the text again. */
#include "fuzz.h"
#include "wire/ftp_cmd.h"
#include "wire/ftp_reply.h"

static struct ftp_reply r; /* too large for a frame */

static void feed_lines(struct span rest)
{
    int rc = 0;

    memset(&r, 0, sizeof r);
    while (rest.len && rc == 0) {
        rc = ftp_reply_feed(&r, span_cut(&rest, '\n'));
        CHECK(rc == 0 || rc == 1 || rc == -EBADMSG || rc == -EMSGSIZE);
        CHECK(r.len <= FTP_REPLY_TEXT && r.lines <= FTP_REPLY_LINES);
    }
    CHECK(rc != 1 || (r.code >= 100 && r.code <= 599));
}

/* One printed line, CRLF taken off, Telnet undone as a client would. */
static struct span line_cut(struct span *rest, char *store)
{
    struct span line = span_cut(rest, '\n');

    CHECK(line.len && line.at[line.len - 1] == '\r');
    line.len--;
    CHECK(fuzz_harmless(line));
    memcpy(store, line.at, line.len);
    return (struct span){ store, ftp_telnet_strip(store, line.len) };
}

static void print_and_feed(struct span text)
{
    static char out[3 * FTP_REPLY_TEXT], store[sizeof out];
    struct buf b = BUF(out);
    struct span rest;
    int rc = 0;

    ftp_reply_print(&b, 250, text);
    if (b.over)
        return;
    memset(&r, 0, sizeof r);
    for (rest = buf_span(&b); rest.len && rc == 0;)
        rc = ftp_reply_feed(&r, line_cut(&rest, store));
    CHECK(rc == -EMSGSIZE || (rc == 1 && rest.len == 0));
}

static void unquote(struct span text)
{
    char out[256];
    struct buf b = BUF(out);
    int rc = ftp_reply_quoted(text, &b);

    CHECK(rc == 0 || (rc == -EBADMSG && b.len == 0 && !b.over));
    CHECK(b.len <= text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    feed_lines(fuzz_span(data, size));
    print_and_feed(fuzz_span(data, size));
    unquote(fuzz_span(data, size));
    return 0;
}
