/* replies: every byte that the server says on a control connection is part of a reply of RFC 959: CRLF at the end of each line and
 * nowhere else, no control byte, Telnet's byte 255 doubled, "ccc-" closed by "ccc ". Whatever names and commands hold. The same
 * for lines of the log: one event, one line. Called by peer.c and stage.c. */
#include <stdlib.h>
#include <string.h>

#include "session.h"

static void check_bytes(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)at[i];

        CHECK(c >= 0x20 && c != 0x7F);
        if (c != 0xFF)
            continue;
        i++;
        CHECK(i < len && (unsigned char)at[i] == 0xFF);
    }
}

static int code_of(const char *at, size_t len)
{
    CHECK(len >= 4 && at[0] >= '1' && at[0] <= '5' && at[1] >= '0' && at[1] <= '5' && at[2] >= '0' && at[2] <= '9');
    return (at[0] - '0') * 100 + (at[1] - '0') * 10 + at[2] - '0';
}

/* 227 (h,h,h,h,p,p) and 229 (|||p|) */
static unsigned port_of(int code, const char *at, size_t len)
{
    const char *open = memchr(at, '(', len);
    unsigned p[6] = { 0 }, n = 0;

    CHECK(open);
    if (code == 229)
        return (unsigned)strtoul(open + 4, NULL, 10);
    for (const char *c = open + 1; c < at + len && *c != ')'; c++) {
        if (*c == ',')
            CHECK(++n < 6);
        else
            p[n] = p[n] * 10 + (unsigned)(*c - '0');
    }
    CHECK(n == 5 && p[4] < 256 && p[5] < 256);
    return p[4] * 256 + p[5];
}

static void final(struct replies *r, int code)
{
    r->open = 0;
    r->last = code;
    if (code < 200)
        r->firsts++;
    else
        r->finals++;
    if (code == 227 || code == 229)
        r->port = port_of(code, r->line, r->len);
}

static void line(struct replies *r)
{
    CHECK(r->len >= 2 && r->line[r->len - 2] == '\r');
    check_bytes(r->line, r->len - 2);
    if (r->open && r->line[0] == ' ')
        return;
    if (r->open)
        CHECK(code_of(r->line, r->len) == r->open && r->line[3] == ' ');
    if (r->line[3] == '-')
        r->open = code_of(r->line, r->len);
    else {
        CHECK(r->line[3] == ' ');
        final(r, code_of(r->line, r->len));
    }
}

void replies_feed(struct replies *r, const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        CHECK(r->len < sizeof r->line);
        r->line[r->len++] = at[i];
        if (at[i] != '\n')
            continue;
        line(r);
        r->len = 0;
    }
}

static void check_json(const char *at, size_t len)
{
    bool inside = false;

    CHECK(len > 2 && at[0] == '{' && at[len - 1] == '}');
    for (size_t i = 1; i + 1 < len; i++) {
        if (inside && at[i] == '\\')
            i++;
        else if (at[i] == '"')
            inside = !inside;
        else
            CHECK(inside || strchr(":,0123456789-", at[i]));
    }
    CHECK(!inside);
}

void replies_check_log(const char *at, size_t len, bool json)
{
    CHECK(len > 20 && at[len - 1] == '\n');
    for (size_t i = 0; i + 1 < len; i++)
        CHECK((unsigned char)at[i] >= 0x20 && at[i] != 0x7F);
    if (json)
        check_json(at, len - 1);
    else
        CHECK(memcmp(at, "20", 2) == 0 && at[19] == 'Z');
}
