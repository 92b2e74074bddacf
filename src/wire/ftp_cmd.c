/* ftp_cmd: a line of the control connection, cleaned of Telnet and cut into verb and argument. Called by the FTP
 * session for every line before anything else looks at it; owns nothing, works in place, fails with -errno and never
 * guesses. The argument is all that follows one blank: file names may begin and end with blanks, and only the verb's
 * own handler knows whether its argument is a name. RFC 959 section 5.3, RFC 1123 section 4.1.2.12, RFC 854 for the
 * IAC commands. */
#include <errno.h>
#include <string.h>

#include "wire/ftp_cmd.h"

enum { TELNET_SE = 240, TELNET_DM = 242, TELNET_SB = 250, TELNET_WILL = 251, TELNET_IAC = 255 };

/* The length of the subnegotiation that starts after IAC SB: up to and with IAC SE, or all there is. */
static size_t subnegotiation(const unsigned char *in, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (in[i] == TELNET_IAC && in[i + 1] == TELNET_SE)
            return i + 2;
        if (in[i] == TELNET_IAC)
            i++; /* IAC IAC: the second one does not introduce anything */
    }
    return n;
}

/* How many bytes the Telnet command at `in` (an IAC) takes; 0 when it is none. */
static size_t telnet_command(const unsigned char *in, size_t n)
{
    if (n < 2 || in[1] < TELNET_SE || in[1] == TELNET_IAC)
        return 0;
    if (in[1] == TELNET_SB)
        return 2 + subnegotiation(in + 2, n - 2);
    if (in[1] >= TELNET_WILL)
        return n < 3 ? n : 3;
    return 2;
}

/* What is left of a Synch when its other half went as urgent data: which half that is depends on the client. */
static size_t synch_rest(const unsigned char *line, size_t len)
{
    size_t n = 0;

    while (n < len && (line[n] == TELNET_DM || line[n] == TELNET_IAC))
        n++;
    return n;
}

size_t ftp_telnet_strip(char *line, size_t len)
{
    unsigned char *at = (unsigned char *)line;
    size_t put = 0, skip;

    for (size_t i = 0; i < len;) {
        skip = at[i] == TELNET_IAC ? telnet_command(at + i, len - i) : 0;
        if (skip == 0) {
            skip = at[i] == TELNET_IAC && i + 1 < len && at[i + 1] == TELNET_IAC ? 2 : 1;
            at[put++] = at[i];
        }
        i += skip;
    }
    skip = synch_rest(at, put);
    if (skip)
        memmove(line, line + skip, put - skip);
    return put - skip;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool breaks_line(struct span s)
{
    return span_find(s, '\0') >= 0 || span_find(s, '\r') >= 0 || span_find(s, '\n') >= 0;
}

int ftp_cmd_parse(struct span line, struct ftp_cmd *out)
{
    size_t letters = 0, n;

    if (breaks_line(line))
        return -EBADMSG;
    while (letters < line.len && is_letter(line.at[letters]))
        letters++;
    n = letters;
    while (letters && n < line.len && line.at[n] >= '0' && line.at[n] <= '9')
        n++;
    if (n == 0 || (n < line.len && line.at[n] != ' '))
        return -EINVAL;
    if (n >= FTP_VERB_CAP)
        return -E2BIG;
    *out = (struct ftp_cmd){ .arg = span_from(line, n + 1) };
    for (size_t i = 0; i < n; i++)
        out->verb[i] = i < letters ? (char)(line.at[i] & ~0x20) : line.at[i];
    return 0;
}

/* None of them is a verb of FTP. */
static const char *const http_methods[] = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH", "PRI", "PROPFIND", "REPORT", "SEARCH",
};

/* Fields that browsers send; one that ends in '-' stands for all that begin so. */
static const char *const http_fields[] = {
    "Host",    "User-Agent",    "Connection",    "Accept", "Accept-", "Content-", "Cookie",          "Origin",
    "Referer", "Authorization", "Cache-Control", "Pragma", "DNT",     "Upgrade",  "Upgrade-",        "Transfer-Encoding",
    "TE",      "Range",         "If-",           "Sec-",   "X-",      "Proxy-",   "Access-Control-", "Forwarded",
    "Via",     "Keep-Alive",    "Priority",      "Expect", "Date",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_field(struct span known, struct span word)
{
    if (known.at[known.len - 1] == '-' && word.len > known.len)
        word.len = known.len;
    return span_ieq(known, word);
}

static bool one_of(const char *const *words, size_t n, struct span word)
{
    for (size_t i = 0; i < n; i++)
        if (is_field(span_of(words[i]), word))
            return true;
    return false;
}

/* "HTTP/1.1" */
static bool is_version(struct span word)
{
    if (word.len < 6 || !span_ieq((struct span){ word.at, 5 }, SPAN("HTTP/")))
        return false;
    for (size_t i = 5; i < word.len; i++)
        if (word.at[i] != '.' && (word.at[i] < '0' || word.at[i] > '9'))
            return false;
    return true;
}

bool ftp_cmd_is_http(struct span line)
{
    struct span rest = span_trim(line), word = rest;
    ptrdiff_t blank = span_rfind(rest, ' ');

    if (blank > 0 && is_version(span_from(rest, (size_t)blank + 1)))
        return one_of(http_methods, COUNT(http_methods), span_cut(&word, ' '));
    if (span_find(rest, ':') <= 0)
        return false;
    return one_of(http_fields, COUNT(http_fields), span_cut(&word, ':'));
}
