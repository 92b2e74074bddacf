/* lineedit: libedit bound to our runtime. Called by input.c; owns the editor and its history. Characters are fetched
 * through rt_wait, so that Ctrl-C ends a line like it ends a transfer: by -ECANCELED. TAB asks the owner for choices
 * and either types what they have in common or lists them. Fails as input.h says. editline(7). */
#include "client/lineedit.h"

#include <errno.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/ui.h"
#include "sys/local.h"

enum { REMEMBERED = 200 };

struct lineedit {
    struct rt_task *task;
    EditLine *el;
    History *history;
    input_complete *complete;
    void *arg;
    const char *prompt;
    int why; /* how the last line ended, if not by Enter */
    mbstate_t state;
    char typed[CHOICE_CAP * 2], choice[CHOICE_CAP]; /* scratch of completion */
};

static struct lineedit *of(EditLine *el)
{
    struct lineedit *le = NULL;

    el_get(el, EL_CLIENTDATA, &le);
    return le;
}

/* libedit takes a char *, and does not write to it */
static char *prompt_of(EditLine *el)
{
    return (char *)(uintptr_t)of(el)->prompt;
}

/* One byte: 1, or how it ended. */
static int fetch(struct lineedit *le, char *byte)
{
    struct pollfd p = { .fd = 0, .events = POLLIN };
    ssize_t n;

    TRY(rt_wait(le->task, &p, 1, RT_NEVER));
    n = local_read(0, byte, 1);
    return n > 0 ? 1 : n == 0 ? -ENODATA : (int)n;
}

/* One character for libedit: 1, 0 at the end, -1 on failure. Bytes that make no character are dropped. */
static int get_char(EditLine *el, wchar_t *out)
{
    struct lineedit *le = of(el);

    for (;;) {
        char byte;
        size_t n;
        int rc = fetch(le, &byte);

        if (rc < 0) {
            le->why = rc;
            return rc == -ENODATA ? 0 : -1;
        }
        n = mbrtowc(out, &byte, 1, &le->state);
        if (n <= 1)
            return 1;
        if (n == (size_t)-1)
            le->state = (mbstate_t){ 0 };
    }
}

static void list_choices(const struct choices *c)
{
    struct shown name;

    putchar('\n');
    for (unsigned i = 0; i < c->shown; i++)
        printf("  %s\n", shown(&name, c->names[i]));
    if (c->count > c->shown)
        printf(_("  ... and %u more\n"), c->count - c->shown);
    fflush(stdout);
}

/* Replaces what was typed of the name. */
static unsigned char type_choice(struct lineedit *le, const struct choices *c, struct span typed)
{
    struct buf b = BUF(le->typed);
    size_t characters;

    buf_put(&b, span_from(typed, c->from));
    characters = b.over ? (size_t)-1 : mbstowcs(NULL, buf_cstr(&b), 0);
    if (characters == (size_t)-1)
        return CC_ERROR;
    if (characters)
        el_deletestr(le->el, (int)characters);
    return el_insertstr(le->el, le->choice) < 0 ? CC_ERROR : CC_REFRESH;
}

static unsigned char offer(struct lineedit *le, const struct choices *c, struct span typed)
{
    struct buf b = BUF(le->choice);

    if (choices_extend(c, &b)) {
        buf_cstr(&b);
        return type_choice(le, c, typed);
    }
    if (c->count < 2)
        return CC_REFRESH_BEEP;
    list_choices(c);
    return CC_REDISPLAY;
}

static unsigned char complete_key(EditLine *el, int key)
{
    struct lineedit *le = of(el);
    const LineInfo *line = el_line(el);
    struct span typed = { line->buffer, (size_t)(line->cursor - line->buffer) };
    struct choices *c = calloc(1, sizeof *c);
    unsigned char then;

    (void)key;
    if (!c)
        return CC_ERROR;
    le->complete(le->arg, typed, c);
    then = offer(le, c, typed);
    choices_free(c);
    free(c);
    return then;
}

static void set_up(struct lineedit *le)
{
    HistEvent event;

    history(le->history, &event, H_SETSIZE, REMEMBERED);
    history(le->history, &event, H_SETUNIQUE, 1);
    el_set(le->el, EL_CLIENTDATA, le);
    el_set(le->el, EL_PROMPT, prompt_of);
    el_set(le->el, EL_EDITOR, "emacs");
    el_set(le->el, EL_SIGNAL, 1);
    el_set(le->el, EL_HIST, history, le->history);
    el_set(le->el, EL_GETCFN, get_char);
    /* the wide form keeps these literals; the narrow one would copy them and never free the copies */
    el_wset(le->el, EL_ADDFN, L"dray-complete", L"complete a name", complete_key);
    el_set(le->el, EL_BIND, "^I", "dray-complete", NULL);
    el_set(le->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

int lineedit_open(struct rt_task *task, input_complete *complete, void *arg, struct lineedit **out)
{
    CLEANUP(lineedit_close) struct lineedit *le = calloc(1, sizeof *le);

    if (!le)
        return -ENOMEM;
    *le = (struct lineedit){ .task = task, .complete = complete, .arg = arg, .prompt = "" };
    le->history = history_init();
    le->el = el_init("dray", stdin, stdout, stderr);
    if (!le->history || !le->el)
        return -ENOMEM;
    set_up(le);
    *out = le;
    le = NULL;
    return 0;
}

void lineedit_close(struct lineedit **le)
{
    if (*le && (*le)->el)
        el_end((*le)->el);
    if (*le && (*le)->history)
        history_end((*le)->history);
    free(*le);
    *le = NULL;
}

static void remember_line(struct lineedit *le, const char *line)
{
    HistEvent event;

    if (*line)
        history(le->history, &event, H_ENTER, line);
}

int lineedit_read(struct lineedit *le, const char *prompt, bool remember, char *out, size_t cap)
{
    const char *line;
    size_t len;
    int count = 0;

    le->prompt = prompt;
    le->why = 0;
    el_set(le->el, EL_PREP_TERM, 1); /* or it shows the prompt first, and a Ctrl-D that comes then is one of the line, and lost */
    line = el_gets(le->el, &count);
    if (!line || count <= 0 || le->why) {
        putchar('\n');
        return le->why ? le->why : -ENODATA;
    }
    len = strcspn(line, "\r\n");
    if (len >= cap)
        return -EMSGSIZE;
    memcpy(out, line, len);
    out[len] = '\0';
    if (remember)
        remember_line(le, out);
    return (int)len;
}
