/* menu_rows: the choices of the menu. Every choice is one row: number, letter, words, question, action; the printed
 * menu, the help and completion come from the rows. Called by menu.c; owns nothing. A choice that fails says so in
 * one line and returns its outcome; it never ends the menu. Exit codes: client/outcome.h. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/menu_impl.h"
#include "client/site.h"
#include "client/transfer.h"
#include "sys/local.h"

static enum outcome do_list(struct menu *m, struct span name);
static enum outcome do_get(struct menu *m, struct span name);
static enum outcome do_put(struct menu *m, struct span name);
static enum outcome do_cd(struct menu *m, struct span name);
static enum outcome do_help(struct menu *m, struct span name);
static enum outcome do_quit(struct menu *m, struct span name);

const struct row menu_rows[] = {
    { '1', 'l', "list ls dir", "list", N_("show the files here"), NULL, NAMES_FOLDERS, do_list },
    { '2', 'g', "get download", "get NAME", N_("download a file"), N_("File to download: "), NAMES_FILES, do_get },
    { '3', 'p', "put upload", "put FILE", N_("upload a file"), N_("File to upload: "), NAMES_LOCAL, do_put },
    { '4', 'c', "cd folder", "cd FOLDER", N_("change the folder (.. goes up)"), N_("Folder: "), NAMES_FOLDERS, do_cd },
    { '5', 'h', "help ?", "help", N_("show this menu"), NULL, NAMES_NONE, do_help },
    { '0', 'q', "quit exit bye", "quit", N_("say goodbye"), NULL, NAMES_NONE, do_quit },
    { .words = NULL },
};

static bool row_matches(const struct row *r, struct span word)
{
    struct span words = span_of(r->words);

    if (word.len == 1 && (*word.at == r->number || (*word.at | 0x20) == r->letter))
        return true;
    while (words.len)
        if (span_ieq(span_cut(&words, ' '), word))
            return true;
    return false;
}

const struct row *menu_row(struct span word)
{
    for (const struct row *r = menu_rows; r->words; r++)
        if (row_matches(r, word))
            return r;
    return NULL;
}

void menu_show(const struct menu *m)
{
    ui_say(&m->cl->ui, "%s", "");
    for (const struct row *r = menu_rows; r->words; r++)
        ui_say(&m->cl->ui, "  %c  %c  %-10s %s", r->number, r->letter & ~0x20, r->usage, _(r->about));
    ui_say(&m->cl->ui, _("Type a number, a letter or a word, and a name where one is needed: 2 notes.txt"));
}

/* ---- the choices ---- */

static enum outcome do_list(struct menu *m, struct span name)
{
    struct listing other = { 0 }, *l = name.len ? &other : &m->names.here;
    int rc;

    if (!name.len)
        names_forget(&m->names);
    rc = listing_fetch(m->cl, name, true, l);
    m->names.known = !name.len && rc == 0;
    if (rc < 0)
        return client_failed(m->cl, "list", name.len ? name : span_of(_("this folder")), rc);
    listing_show(m->cl, l);
    listing_free(&other);
    return OUT_DONE;
}

/* Reads an answer at a question; an interruption is taken. */
int menu_answer(struct menu *m, const char *question, char *out, size_t cap)
{
    int n = input_line(m->in, question, false, out, cap);

    if (n == -ECANCELED)
        client_calm(m->cl);
    return n;
}

/* A file of this name is here: may it be replaced? Only a person is asked; from a pipe, transfer_get refuses. */
static bool declined(struct menu *m, struct span name, bool *replace)
{
    char leaf[256], question[400], yes[16] = "";
    struct buf b = BUF(question);
    struct shown safe;

    *replace = m->cl->force;
    if (*replace || !m->cl->ui.terminal || transfer_leaf(name, leaf) < 0 || !local_exists(leaf))
        return false;
    buf_printf(&b, _("%s exists here. Replace it? [y/N] "), shown(&safe, span_of(leaf)));
    *replace = menu_answer(m, buf_cstr(&b), yes, sizeof yes) > 0 && (*yes | 0x20) == 'y';
    return !*replace;
}

static enum outcome transferred(struct menu *m, enum outcome out)
{
    if (m->cl->renewed && !ftpc_lost(m->cl->ftp)) {
        names_forget(&m->names);
        menu_look_where(m);
    }
    m->cl->renewed = false;
    return out;
}

static enum outcome do_get(struct menu *m, struct span name)
{
    bool replace;

    if (declined(m, name, &replace)) {
        ui_say(&m->cl->ui, _("Kept as it is."));
        return OUT_DONE;
    }
    return transferred(m, transfer_get(m->cl, name, replace));
}

static enum outcome do_put(struct menu *m, struct span name)
{
    (void)name;
    names_forget(&m->names);
    return transferred(m, transfer_put(m->cl, m->name));
}

int menu_look_where(struct menu *m)
{
    struct buf b = { .at = m->cwd, .cap = sizeof m->cwd };
    int rc = ftpc_pwd(m->cl->ftp, &b);

    buf_cstr(&b);
    /* another connection would have to begin here: without a name there is no way back */
    strcpy(m->cl->site->home, rc == 0 && *m->cwd == '/' ? m->cwd : "");
    return rc;
}

/* A server that cannot say where we are is no failure: the prompt is shorter then. */
static int change_folder(struct menu *m, struct span name)
{
    int rc;

    TRY(ftpc_cwd(m->cl->ftp, name));
    names_forget(&m->names);
    client_note(m->cl);
    rc = menu_look_where(m);
    return rc == -EACCES || rc == -ENOENT ? 0 : rc;
}

static enum outcome do_cd(struct menu *m, struct span name)
{
    struct io *none = NULL;
    struct shown where;
    int rc = change_folder(m, name);

    if (rc < 0)
        return client_failed(m->cl, "cd", name, client_give_up(m->cl, &none, rc));
    ui_say(&m->cl->ui, _("Now in %s"), shown(&where, span_of(m->cwd)));
    return OUT_DONE;
}

static enum outcome do_help(struct menu *m, struct span name)
{
    (void)name;
    menu_show(m);
    ui_say(&m->cl->ui, _("Names may hold blanks; \"in quotes\" they may also begin or end with one. TAB completes a\n"
                         "name, the arrow keys bring lines back, Ctrl-C stops a transfer."));
    return OUT_DONE;
}

static enum outcome do_quit(struct menu *m, struct span name)
{
    (void)name;
    m->done = true;
    return OUT_DONE;
}
