/* http_multipart: see http_multipart.h. Called by HTTP for the body of a POST. Owns nothing. Nothing here looks for a second meaning: a
 * parameter that comes twice, a folded line, a transfer encoding, a filename* are refused, so that no two readers could disagree. */
#include "wire/http_multipart.h"

#include <errno.h>

#include "base/cleanup.h"

/* Those of HTTP (RFC 9110 section 5.6.2). */
static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct span take_token(struct span *rest)
{
    struct span s = { rest->at, 0 };

    while (s.len < rest->len && is_token(rest->at[s.len]))
        s.len++;
    *rest = span_from(*rest, s.len);
    return s;
}

static bool is_escape(struct span s, size_t i)
{
    return s.at[i] == '\\' && i + 1 < s.len && (s.at[i + 1] == '"' || s.at[i + 1] == '\\');
}

/* From the quote on; a backslash that escapes nothing is one: browsers send them as they are. */
static int take_quoted(struct span *rest, struct span *out)
{
    size_t i = 1;

    while (i < rest->len && rest->at[i] != '"')
        i += is_escape(*rest, i) ? 2 : 1;
    if (i >= rest->len)
        return -EINVAL;
    *out = (struct span){ rest->at + 1, i - 1 };
    *rest = span_from(*rest, i + 1);
    return 0;
}

/* The next of `; name=value`. 1; 0: there is none. */
static int take_parameter(struct span *rest, struct span *name, struct span *value)
{
    *rest = span_trim(*rest);
    if (!rest->len)
        return 0;
    if (rest->at[0] != ';')
        return -EINVAL;
    *rest = span_trim(span_from(*rest, 1));
    *name = take_token(rest);
    if (!name->len || !span_starts(*rest, SPAN("=")))
        return -EINVAL;
    *rest = span_from(*rest, 1);
    if (span_starts(*rest, SPAN("\"")))
        TRY(take_quoted(rest, value));
    else
        *value = take_token(rest);
    return value->at ? 1 : -EINVAL;
}

/* ---- the boundary ---- */

static bool may_bound(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!(is_token(s.at[i]) && !strchr("!#$%&*^`|~", s.at[i])) && !(s.at[i] && strchr("(),/:=? ", s.at[i])))
            return false;
    return s.len && s.len <= HTTP_BOUNDARY_MAX && s.at[s.len - 1] != ' ';
}

int http_multipart_boundary(struct span type, struct span *out)
{
    struct span rest = type, word = take_token(&rest), name, value, found = { 0 };
    int rc;

    if (!span_ieq(word, SPAN("multipart")) || !span_starts(rest, SPAN("/")))
        return -ENOENT;
    rest = span_from(rest, 1);
    word = take_token(&rest);
    if (!span_ieq(word, SPAN("form-data")))
        return -ENOENT;
    while ((rc = take_parameter(&rest, &name, &value)) > 0) {
        if (!span_ieq(name, SPAN("boundary")))
            continue;
        if (found.at || !may_bound(value))
            return -EINVAL;
        found = value;
    }
    if (rc < 0 || !found.at)
        return -EINVAL;
    *out = found;
    return 0;
}

/* ---- the head of a part ---- */

static int read_disposition(struct span value, struct http_part *out)
{
    struct span rest = value, name, text, kind = take_token(&rest);
    int rc;

    if (out->name.at || !span_ieq(kind, SPAN("form-data")))
        return -EINVAL;
    while ((rc = take_parameter(&rest, &name, &text)) > 0) {
        struct span *which = span_ieq(name, SPAN("name")) ? &out->name : span_ieq(name, SPAN("filename")) ? &out->filename : NULL;

        if (!which || which->at)
            return -EINVAL;
        *which = text;
    }
    return rc < 0 || !out->name.at ? -EINVAL : 0;
}

static int read_line(struct span line, struct http_part *out)
{
    struct span rest = line, name = take_token(&rest);

    for (size_t i = 0; i < line.len; i++)
        if (((unsigned char)line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7f)
            return -EINVAL;
    if (!name.len || !span_starts(rest, SPAN(":")) || span_ieq(name, SPAN("Content-Transfer-Encoding")))
        return -EINVAL;
    return span_ieq(name, SPAN("Content-Disposition")) ? read_disposition(span_trim(span_from(rest, 1)), out) : 0;
}

int http_part_parse(struct span head, struct http_part *out)
{
    struct http_part part = { 0 };

    while (head.len) {
        struct span line = span_cut(&head, '\r');

        if (!span_starts(head, SPAN("\n")))
            return -EINVAL;
        head = span_from(head, 1);
        TRY(read_line(line, &part));
    }
    if (!part.name.at)
        return -EINVAL;
    *out = part;
    return 0;
}

int http_part_text(struct span quoted, char *out, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < quoted.len; i++) {
        char c = quoted.at[i];

        if (n + 1 >= cap)
            return -ENAMETOOLONG;
        if (is_escape(quoted, i))
            c = quoted.at[++i];
        else if (span_starts(span_from(quoted, i), SPAN("%22")))
            c = '"';
        if (c == '"' && quoted.at[i] == '%')
            i += 2;
        out[n++] = c;
    }
    if (n >= cap)
        return -ENAMETOOLONG;
    out[n] = '\0';
    return (int)n;
}

/* ---- content ---- */

size_t http_part_content(struct span data, struct span delimiter, bool *ends)
{
    const char *at = data.len ? memmem(data.at, data.len, delimiter.at, delimiter.len) : NULL;
    size_t may = data.len < delimiter.len ? 0 : data.len - delimiter.len + 1;

    *ends = at != NULL;
    if (at)
        return (size_t)(at - data.at);
    while (may < data.len && !span_starts(delimiter, span_from(data, may)))
        may++;
    return may;
}
