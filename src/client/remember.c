/* remember: see remember.h. Called when a connection begins; owns nothing. Whoever cannot write (no such folder, a full disk) is told,
 * whoever cannot read has nothing noted. */
#include "client/remember.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "sys/state.h"

void remember_name(const struct target *t, struct buf *b)
{
    buf_printf(b, strchr(t->host, ':') ? "[%s]:%u" : "%s:%u", t->host, t->port);
}

void remember_look(const char *file, const struct target *t, struct buf *out)
{
    CLEANUP(free_text) char *text = NULL;
    char path[512], name[280];
    struct buf b = BUF(name), empty = *out;
    struct span rest;

    remember_name(t, &b);
    if (state_path(file, path, sizeof path) < 0 || state_read(path, &text) < 0)
        return;
    for (rest = span_of(text); rest.len;) {
        struct span line = span_cut(&rest, '\n');

        if (!span_ieq(span_cut(&line, ' '), buf_span(&b)))
            continue;
        *out = empty;
        buf_put(out, line);
    }
}

int remember_note(const char *file, const struct target *t, const char *what)
{
    char path[512], line[400];
    struct buf b = BUF(line);

    TRY(state_path(file, path, sizeof path));
    remember_name(t, &b);
    buf_printf(&b, " %s\n", what);
    return state_append(path, buf_cstr(&b));
}
