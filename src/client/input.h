/* input: where the menu's lines come from: a person at a terminal, with editing, history and completion (libedit), or a
 * pipe. Both are interrupted by Ctrl-C through the task. */
#ifndef DRAY_CLIENT_INPUT_H
#define DRAY_CLIENT_INPUT_H

#include "client/choices.h"
#include "rt/rt.h"

struct input;

/* Fills c for the text up to the cursor. */
typedef void input_complete(void *arg, struct span typed, struct choices *c);

/* terminal: use the line editor; `complete` may then be called during input_line. */
int input_open(struct rt_task *task, bool terminal, input_complete *complete, void *arg, struct input **out);
/* For CLEANUP. */
void input_close(struct input **in);

/* The next line without its line end, NUL-terminated: its length. The prompt is shown to a person only; `remember`
 * puts the line into the history. -ENODATA at the end, -ECANCELED interrupted, -EMSGSIZE too long for cap (the rest
 * of the line is dropped) or with a NUL in it. */
int input_line(struct input *in, const char *prompt, bool remember, char *out, size_t cap);

/* A line typed without echo, for passwords; as input_line. -ENOTTY when no person is there. */
int input_secret(struct input *in, const char *prompt, char *out, size_t cap);

#endif
