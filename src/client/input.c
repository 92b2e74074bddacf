/* input: lines for the menu, from a pipe here and from the line editor in lineedit.c. Called by the menu and
 * cmd/open; owns the reading buffer and the editor. Bounded: a line that is too long is reported once and dropped
 * whole. Fails as the header says. */
#include "client/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/lineedit.h"
#include "sys/local.h"
#include "sys/term.h"

struct input {
    struct rt_task *task;
    struct lineedit *editor; /* NULL: a pipe */
    size_t from, to;
    char at[4096];
};

int input_open(struct rt_task *task, bool terminal, input_complete *complete, void *arg, struct input **out)
{
    CLEANUP(input_close) struct input *in = calloc(1, sizeof *in);

    if (!in)
        return -ENOMEM;
    in->task = task;
    if (terminal)
        TRY(lineedit_open(task, complete, arg, &in->editor));
    *out = in;
    in = NULL;
    return 0;
}

void input_close(struct input **in)
{
    if (*in)
        lineedit_close(&(*in)->editor);
    free(*in);
    *in = NULL;
}

static int fill(struct input *in)
{
    struct pollfd p = { .fd = 0, .events = POLLIN };
    ssize_t n;

    TRY(rt_wait(in->task, &p, 1, RT_NEVER));
    n = local_read(0, in->at, sizeof in->at);
    in->from = 0;
    in->to = n > 0 ? (size_t)n : 0;
    return n > 0 ? 0 : n == 0 ? -ENODATA : (int)n;
}

/* One byte, or -errno. */
static int next_byte(struct input *in)
{
    if (in->from == in->to)
        TRY(fill(in));
    return (unsigned char)in->at[in->from++];
}

/* The last line may lack its line end. */
static int read_line(struct input *in, char *out, size_t cap)
{
    size_t len = 0;
    bool bad = false, any = false;
    int c;

    while ((c = next_byte(in)) >= 0 && c != '\n') {
        any = true;
        if (len + 1 < cap && c)
            out[len++] = (char)c;
        else
            bad = true;
    }
    if (c < 0 && !(c == -ENODATA && any))
        return c;
    if (len && out[len - 1] == '\r')
        len--;
    out[len] = '\0';
    return bad ? -EMSGSIZE : (int)len;
}

int input_line(struct input *in, const char *prompt, bool remember, char *out, size_t cap)
{
    return in->editor ? lineedit_read(in->editor, prompt, remember, out, cap) : read_line(in, out, cap);
}

int input_secret(struct input *in, const char *prompt, char *out, size_t cap)
{
    int rc;

    TRY(term_echo(0, false));
    fprintf(stderr, "%s", prompt);
    fflush(stderr);
    rc = read_line(in, out, cap);
    memset(in->at, 0, sizeof in->at);
    term_echo(0, true);
    return rc;
}
