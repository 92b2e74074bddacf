/* menu_impl: the menu's state and its rows, for menu.c and menu_rows.c only. */
#ifndef DRAY_CLIENT_MENU_IMPL_H
#define DRAY_CLIENT_MENU_IMPL_H

#include "client/client.h"
#include "client/input.h"
#include "client/names.h"
#include "wire/path.h"

struct menu {
    struct client *cl;
    struct input *in;
    struct names names;
    const struct row *asking; /* the row whose name is being typed */
    enum outcome first;       /* failure, on a pipe */
    unsigned interrupts;      /* in a row, at the prompt */
    bool done, interrupted;
    char cwd[PATH_CAP], line[PATH_CAP], name[PATH_CAP], prompt[128];
};

struct row {
    char number, letter;
    const char *words; /* the first is the one shown */
    const char *usage, *about;
    const char *question; /* for a name that must be given; NULL: none is needed */
    enum names_kind kind;
    enum outcome (*run)(struct menu *m, struct span name);
};

/* All rows, ended by one without words. */
extern const struct row menu_rows[];

/* The row that a typed word means: its number, its letter or one of its words, in any case. NULL: none. */
const struct row *menu_row(struct span word);

/* Prints the menu. */
void menu_show(const struct menu *m);

/* A line that answers a question; an interruption is taken. As input_line. */
int menu_answer(struct menu *m, const char *question, char *out, size_t cap);

/* Asks the server for the current folder and keeps it for the prompt. As ftpc_pwd. */
int menu_look_where(struct menu *m);

#endif
