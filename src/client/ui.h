/* ui: lines for people. What comes from outside is made harmless by shown() before it is printed. */
#ifndef DRAY_CLIENT_UI_H
#define DRAY_CLIENT_UI_H

#include <stdio.h>

#include "base/span.h"

struct ui {
    bool terminal; /* commands are typed by a person */
    bool live;     /* the error stream is a terminal: unless quiet, a bar is drawn there */
    bool colour;   /* the output is one, and NO_COLOR is not set */
    bool quiet;    /* results and errors only */
};

/* Looks at the standard streams and NO_COLOR. */
struct ui ui_of_process(bool quiet);

/* Room for one harmless copy. Texts that are longer are cut. */
struct shown {
    char at[600];
};

/* The text with terminal controls replaced; a C string inside `room`. */
const char *shown(struct shown *room, struct span text);

/* A result, on standard output. The line end is added. */
void ui_say(const struct ui *ui, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What the server said and other accompaniment, fainter; not when quiet. */
void ui_note(const struct ui *ui, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A failure, on the error stream. */
void ui_fail(const struct ui *ui, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* How many bytes of s fit into so many columns of the screen; *used of them are taken. A Chinese character takes two. */
size_t ui_fit(struct span s, unsigned columns, unsigned *used);
/* How many blanks fill it up to so many columns: printf("%s%*s", text, ui_pad(text, 16), ""). */
int ui_pad(const char *text, unsigned columns);

/* "0 B", "1.2 KiB", "34 GiB": at most 8 columns. Negative prints "?". */
struct buf;
void ui_size(struct buf *b, int64_t bytes);
/* "0:07", "12:40", "3:02:05". */
void ui_seconds(struct buf *b, int64_t seconds);

#endif
