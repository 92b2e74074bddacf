/* menu: what a beginner sees: a prompt, a line, its outcome. Called by cmd/open with a session that is logged in;
 * owns the input and the names for completion. A failed command never ends the menu, a lost connection does. The
 * choices themselves are in menu_rows.c. Exit codes: client/outcome.h. */
#include "client/menu.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/menu_impl.h"
#include "client/words.h"

static struct span take_name(struct menu *m, struct span raw)
{
    struct buf b = { .at = m->name, .cap = sizeof m->name };

    words_name(raw, &b);
    return (struct span){ m->name, span_of(buf_cstr(&b)).len };
}

static enum outcome ask_name(struct menu *m, const struct row *r, struct span *name)
{
    int n;

    m->asking = r;
    n = menu_answer(m, _(r->question), m->line, sizeof m->line);
    m->asking = NULL;
    if (n > 0)
        *name = take_name(m, (struct span){ m->line, (size_t)n });
    if (name->len)
        return OUT_DONE;
    if (n == -ECANCELED)
        return OUT_INTERRUPTED;
    ui_fail(&m->cl->ui, _("%s: no name was given"), r->usage);
    return OUT_USAGE;
}

static enum outcome obey(struct menu *m, struct span line)
{
    struct span rest, word = words_first(line, &rest), name;
    const struct row *r = menu_row(word);
    struct shown safe;

    if (!word.len)
        return OUT_DONE;
    if (!r) {
        ui_fail(&m->cl->ui, _("there is no choice \"%s\": 5 or help shows the menu"), shown(&safe, word));
        return OUT_USAGE;
    }
    name = take_name(m, rest);
    if (!name.len && r->question) {
        enum outcome out = ask_name(m, r, &name);

        if (out)
            return out;
    }
    return r->run(m, name);
}

static const char *prompt(struct menu *m)
{
    struct span where = span_of(m->cwd);
    struct buf b = { .at = m->prompt, .cap = sizeof m->prompt - 8 };
    struct shown safe;

    buf_text(&b, "dray:");
    /* of a long path the end tells more */
    buf_text(&b, shown(&safe, span_from(where, where.len > 60 ? where.len - 60 : 0)));
    b.cap = sizeof m->prompt;
    buf_text(&b, "> ");
    return buf_cstr(&b);
}

/* The first Ctrl-C clears the line, a second one ends; on a pipe there is no line to clear. */
static void interrupted(struct menu *m)
{
    client_calm(m->cl);
    m->interrupted = m->cl->ending || !m->cl->ui.terminal || ++m->interrupts > 1;
    if (!m->interrupted)
        ui_note(&m->cl->ui, _("(Ctrl-C again, or 0, to quit)"));
}

/* One line from the person or the pipe, obeyed. */
static enum outcome step(struct menu *m)
{
    int n = input_line(m->in, prompt(m), true, m->line, sizeof m->line);

    if (n == -EMSGSIZE) {
        ui_fail(&m->cl->ui, _("this line is too long, or it holds a NUL byte"));
        return OUT_USAGE;
    }
    if (n == -ECANCELED)
        interrupted(m);
    else if (n < 0)
        m->done = true;
    if (n < 0)
        return OUT_DONE;
    m->interrupts = 0;
    return obey(m, (struct span){ m->line, (size_t)n });
}

static void loop(struct menu *m)
{
    while (!m->done && !m->interrupted && !ftpc_lost(m->cl->ftp)) {
        enum outcome out = step(m);

        if (out && !m->first)
            m->first = out;
        if (m->cl->ending || (out == OUT_INTERRUPTED && !m->cl->ui.terminal))
            m->interrupted = true;
    }
}

static void complete(void *arg, struct span typed, struct choices *c)
{
    struct menu *m = arg;
    struct span rest = typed, word;
    const struct row *r = m->asking;

    if (!r) {
        word = words_first(typed, &rest);
        r = rest.at > word.at + word.len ? menu_row(word) : NULL;
        if (!r)
            rest = word;
    }
    choices_begin(c, (size_t)(rest.at - typed.at), rest);
    if (r) {
        names_offer(&m->names, r->kind, c);
        return;
    }
    for (r = menu_rows; r->words; r++) {
        struct span words = span_of(r->words);

        choices_add(c, span_cut(&words, ' '), false);
    }
}

static int outcome_of(const struct menu *m)
{
    if (m->interrupted)
        return OUT_INTERRUPTED;
    if (!m->cl->ui.terminal)
        return m->first;
    return ftpc_lost(m->cl->ftp) ? OUT_INCOMPLETE : OUT_DONE;
}

static void menu_free(struct menu **m)
{
    if (*m) {
        names_forget(&(*m)->names);
        input_close(&(*m)->in);
    }
    free(*m);
    *m = NULL;
}

int menu_run(struct client *cl)
{
    CLEANUP(menu_free) struct menu *m = calloc(1, sizeof *m);

    if (!m)
        return client_failed_here(cl, span_of(_("the menu")), -ENOMEM);
    m->cl = cl;
    m->names.cl = cl;
    if (input_open(&cl->task, cl->ui.terminal, complete, m, &m->in) < 0)
        return client_failed_here(cl, span_of(_("the line editor")), -ENOMEM);
    menu_look_where(m);
    if (cl->ui.terminal)
        menu_show(m);
    loop(m);
    if (!ftpc_lost(cl->ftp) && !cl->ui.quiet)
        ui_say(&cl->ui, _("Goodbye."));
    return outcome_of(m);
}
