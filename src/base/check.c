/* check: the end of a process whose invariant broke. Called only through CHECK, from
 * every floor; owns nothing and never returns. The line goes to stderr in one
 * write(2), unbuffered: locks of stdio may be held by whoever crashed, and the
 * parent (or the terminal) is the reader. abort() leaves a core for those who want
 * one. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"

_Noreturn void check_failed(const char *file, int line, const char *what)
{
    char text[256];
    int n = snprintf(text, sizeof text, "dray: %s:%d: check failed: %s\n", file, line, what);

    if (n >= (int)sizeof text) {
        n = sizeof text;
        text[n - 1] = '\n';
    }
    if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0)
        abort();
    abort();
}
