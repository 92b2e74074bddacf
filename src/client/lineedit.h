/* lineedit: one line at a terminal, edited. Behind it stands libedit; nobody else includes its header. */
#ifndef DRAY_CLIENT_LINEEDIT_H
#define DRAY_CLIENT_LINEEDIT_H

#include "client/input.h"

struct lineedit;

/* Takes standard input and output as the terminal. The locale must be set (LC_CTYPE). -ENOMEM. */
int lineedit_open(struct rt_task *task, input_complete *complete, void *arg, struct lineedit **out);
void lineedit_close(struct lineedit **le);

/* As input_line. */
int lineedit_read(struct lineedit *le, const char *prompt, bool remember, char *out, size_t cap);

#endif
