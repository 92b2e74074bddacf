/* ascii: line ends of TYPE A, both ways. Called by the transfer loop for every block of an
 * ASCII transfer; owns nothing but the one bit that struct ascii carries from block to block,
 * cannot fail. Works on whole runs between line ends, since a listing or a source tree goes
 * through here byte by byte otherwise. RFC 959 sections 3.1.1.1 and 3.4: <CRLF> on the wire, LF
 * here. */
#include <string.h>

#include "wire/ascii.h"

/* Length of the run before the first c, n when there is none. */
static size_t run_before(const char *in, size_t n, char c)
{
    const char *hit = memchr(in, c, n);

    return hit ? (size_t)(hit - in) : n;
}

size_t ascii_encode(struct ascii *st, const char *in, size_t n, char *out)
{
    char *o = out;

    while (n) {
        size_t run = run_before(in, n, '\n');

        memcpy(o, in, run);
        o += run;
        if (run)
            st->cr = in[run - 1] == '\r';
        in += run;
        n -= run;
        if (n) {
            if (!st->cr)
                *o++ = '\r';
            *o++ = '\n';
            st->cr = false;
            in++;
            n--;
        }
    }
    return (size_t)(o - out);
}

size_t ascii_decode(struct ascii *st, const char *in, size_t n, char *out)
{
    char *o = out;

    while (n) {
        size_t run;

        if (st->cr && *in != '\n')
            *o++ = '\r';
        run = run_before(in, n, '\r');
        memcpy(o, in, run);
        o += run;
        st->cr = run < n;
        in += run + st->cr;
        n -= run + st->cr;
    }
    return (size_t)(o - out);
}

size_t ascii_decode_end(struct ascii *st, char *out)
{
    if (!st->cr)
        return 0;
    st->cr = false;
    *out = '\r';
    return 1;
}
