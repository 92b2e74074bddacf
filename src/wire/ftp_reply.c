/* ftp_reply: replies of the control connection. ftp_reply_print is the only place where the server makes reply
 * lines, so nothing that came from outside can forge one; ftp_reply_feed is the client's reader, fed line by line
 * and bounded in memory and in lines whatever the server sends. Owns nothing. RFC 959 sections 4.2 and 5.4, and
 * appendix II for the quotes of 257; RFC 2389 section 3.2 for the blank before middle lines; RFC 854 for byte
 * 255. */
#include <errno.h>
#include <string.h>

#include "wire/ftp_reply.h"
#include "wire/text.h"

/* text_plain, with byte 255 doubled: alone it would start a Telnet command at the other side. */
static void put_line(struct buf *b, struct span line)
{
    for (;;) {
        ptrdiff_t iac = span_find(line, '\377');

        if (iac < 0)
            break;
        text_plain(b, (struct span){ line.at, (size_t)iac });
        buf_put(b, SPAN("\377\377"));
        line = span_from(line, (size_t)iac + 1);
    }
    text_plain(b, line);
    buf_put(b, SPAN("\r\n"));
}

static void print_code(struct buf *b, int code, char separator)
{
    buf_number(b, (uint64_t)code, 10, 3, '0');
    buf_putc(b, separator);
}

void ftp_reply_print(struct buf *b, int code, struct span text)
{
    bool first = true;

    while (span_find(text, '\n') >= 0) {
        if (first)
            print_code(b, code, '-');
        else
            buf_putc(b, ' ');
        put_line(b, span_cut(&text, '\n'));
        first = false;
    }
    print_code(b, code, ' ');
    put_line(b, text);
}

/* The three digits at the start of a line, or -EBADMSG. */
static int code_of(struct span line)
{
    uint64_t code = 0;

    if (line.len < 3 || span_u64((struct span){ line.at, 3 }, 599, &code) < 0 || code < 100)
        return -EBADMSG;
    if (line.len > 3 && line.at[3] != ' ' && line.at[3] != '-')
        return -EBADMSG;
    return (int)code;
}

static void text_add(struct ftp_reply *r, struct span s)
{
    size_t room = sizeof r->text - r->len;

    if (s.len > room) {
        r->cut = true;
        s.len = room;
    }
    if (s.len)
        memcpy(r->text + r->len, s.at, s.len);
    r->len += s.len;
}

static int feed_first(struct ftp_reply *r, struct span line)
{
    int code = code_of(line);

    if (code < 0)
        return code;
    r->code = code;
    r->lines = 1;
    r->multi = line.len > 3 && line.at[3] == '-';
    text_add(r, span_from(line, 4));
    return !r->multi;
}

int ftp_reply_feed(struct ftp_reply *r, struct span line)
{
    bool coded, last;

    if (r->lines == 0)
        return feed_first(r, line);
    if (r->lines >= FTP_REPLY_LINES)
        return -EMSGSIZE;
    coded = code_of(line) == r->code;
    last = coded && (line.len == 3 || line.at[3] == ' ');
    r->lines++;
    text_add(r, SPAN("\n"));
    text_add(r, coded ? span_from(line, 4) : span_from(line, span_starts(line, SPAN(" "))));
    return last;
}

/* The length of what stands before the closing quote, -1 without one. A reply's quote does not cross lines. */
static ptrdiff_t quoted_len(struct span s)
{
    for (size_t i = 0; i < s.len && s.at[i] != '\n'; i++) {
        if (s.at[i] != '"')
            continue;
        if (i + 1 == s.len || s.at[i + 1] != '"')
            return (ptrdiff_t)i;
        i++;
    }
    return -1;
}

int ftp_reply_quoted(struct span text, struct buf *b)
{
    ptrdiff_t open = span_find(text, '"'), len;

    if (open < 0)
        return -EBADMSG;
    text = span_from(text, (size_t)open + 1);
    len = quoted_len(text);
    if (len < 0)
        return -EBADMSG;
    text.len = (size_t)len;
    while (text.len) {
        ptrdiff_t quote = span_find(text, '"');

        if (quote < 0)
            break;
        buf_put(b, (struct span){ text.at, (size_t)quote + 1 });
        text = span_from(text, (size_t)quote + 2);
    }
    buf_put(b, text);
    return 0;
}
