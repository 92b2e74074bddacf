/* user: `dray user`: the accounts file, for the operator: who is in it, and every change of it. Called by main; owns nothing. A
 * running server sees each change at the next login. Passwords come from the terminal, unseen and twice, or from standard input
 * when that is no terminal; never from the command line, which everybody on the machine can read. Exit code 0: done; 1: the
 * file is as it was, and why; 2: wrong usage. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/input.h"
#include "client/ui.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
#include "sys/interrupt.h"
#include "sys/secret.h"
#include "sys/state.h"
#include "wire/text.h"

enum { PATH = 512 };

struct user_args {
    const char *file, *name, *home, *rights, *limits, *notes;
    bool json, help;
};

struct user_work {
    struct user_args args;
    const struct verb *verb;
    char path[PATH], hash[SECRET_HASH];
    struct user_limits limits;
    unsigned shown;
    char line[6 * USER_LINE + 200]; /* as JSON a byte may take six */
};

struct verb {
    const char *name;
    bool add, drop, secret, list;
};

static const struct verb verbs[] = {
    { .name = "add", .add = true, .secret = true }, { .name = "passwd", .secret = true }, { .name = "set" },
    { .name = "del", .drop = true },                { .name = "list", .list = true },
};

const char user_help[] =
    N_("dray user add|passwd|set|del NAME, dray user list: the accounts of `dray serve`\n\n"
    "  add NAME       a new account; asks for its password\n"
    "  passwd NAME    another password\n"
    "  set NAME       other rights, home, limits or notes\n"
    "  del NAME       its sessions go on until they end\n"
    "  list           all accounts\n\n"
    "  --rights RIGHTS  none, drop, read, add (default) or write, and others for folders: read,/in=add\n"
    "  --home FOLDER    a folder inside the shared one that is all it sees (/users/ann); / is all of it\n"
    "  --limits LIMITS  sessions=4 down=2M up=500K: at once, and bytes a second\n"
    "  --notes TEXT     yours; dray does not read them\n"
    "  --file FILE      another accounts file (dray serve --users FILE)\n"
    "  --json           list: one JSON object a line\n\n"
    "Passwords are typed, or one line of standard input. A running server knows every change at the next login.\n"
    "Exit: 0, 1 when nothing was changed, 2 for wrong usage.\n");

static int help(void)
{
    fputs(_(user_help), stdout);
    return USER_OK;
}

/* ---- options ---- */

static int wrong(const char *what, const char *arg)
{
    struct shown safe;

    fprintf(stderr, _("dray user: %s \"%s\"; `dray user --help` tells more\n"), what, shown(&safe, span_of(arg)));
    return -1;
}

static int refuse(const char *why)
{
    struct shown safe;

    fprintf(stderr, "dray user: %s\n", shown(&safe, span_of(why)));
    return USER_LEFT;
}

/* How many words were taken. */
static int take(struct user_work *w, const char *arg, const char *next)
{
    struct user_args *a = &w->args;
    const struct {
        const char *name;
        const char **value;
        bool *on;
    } flags[] = {
        { "--file", &a->file, NULL },     { "--home", &a->home, NULL },   { "--rights", &a->rights, NULL },
        { "--limits", &a->limits, NULL }, { "--notes", &a->notes, NULL }, { "--json", NULL, &a->json },
        { "--help", NULL, &a->help },     { "-h", NULL, &a->help },
    };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(arg, flags[i].name) != 0)
            continue;
        if (flags[i].on)
            return *flags[i].on = true;
        *flags[i].value = next;
        return next ? 2 : wrong(_("a value is missing behind"), arg);
    }
    if (arg[0] == '-')
        return wrong(_("there is no option"), arg);
    for (size_t i = 0; !w->verb && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(arg, verbs[i].name) == 0)
            return !!(w->verb = &verbs[i]);
    if (!w->verb)
        return wrong(_("add, passwd, set, del or list, not"), arg);
    if (a->name || w->verb->list)
        return wrong(_("too much was said:"), arg);
    a->name = arg;
    return 1;
}

/* ---- weak input ---- */

/* Every field goes through the file's own parser before it is written; this says what is wrong in the words of the flags. */
static const char *fault(struct user_work *w)
{
    const struct user_args *a = &w->args;
    struct rights rights;

    if (w->verb->add && user_name_fault(span_of(a->name)))
        return _(user_name_fault(span_of(a->name)));
    if (!w->verb->add && *w->verb->name != 's' && (a->rights || a->home || a->limits || a->notes))
        return _("--rights, --home, --limits and --notes go with add and set");
    if (a->home && user_home_fault(span_of(a->home)))
        return _(user_home_fault(span_of(a->home)));
    if (a->rights && rights_parse(span_of(a->rights), &rights) < 0)
        return _("--rights: write none, drop, read, add or write, and others for folders, as read,/in=add");
    if (a->limits && user_limits_parse(span_of(a->limits), &w->limits) < 0)
        return _("--limits: write sessions=4 down=2M up=500K, or some of it");
    return NULL;
}

/* ---- passwords ---- */

static const char *password_fault(ssize_t rc)
{
    return rc == 0 ? _("the password is empty") :
           rc == -EMSGSIZE ? _("the password is longer than 511 bytes, or has a NUL in it") :
           rc == -ECANCELED ? _("interrupted; nothing was changed") : _("no password was given");
}

static const char *type_again(struct input *in, const char *password)
{
    char again[SECRET_MOST + 2];
    int rc = input_secret(in, _("Once more: "), again, sizeof again);
    bool same = rc >= 0 && strcmp(again, password) == 0;

    explicit_bzero(again, sizeof again);
    return rc == -ECANCELED ? password_fault(rc) : same ? NULL : _("the two passwords differ");
}

static const char *read_from(struct input *in, char *out, size_t cap)
{
    int rc = input_secret(in, _("Password: "), out, cap);

    if (rc > 0)
        return type_again(in, out);
    if (rc == -ENOTTY)
        rc = input_line(in, "", false, out, cap);
    return rc > 0 ? NULL : password_fault(rc);
}

/* Ctrl-C ends a question like any other answer, so that the terminal shows again what is typed. */
static const char *read_password(char *out, size_t cap)
{
    CLEANUP(close_fd) int interrupt = interrupt_open();
    CLEANUP(input_close) struct input *in = NULL;
    struct rt_task task = rt_block_task((struct rt_stop){ .drain = -1, .now = interrupt });

    return input_open(&task, false, NULL, NULL, &in) < 0 ? _("out of memory") : read_from(in, out, cap);
}

/* One that cannot be typed into a client opens nothing. */
static const char *weak(const char *password)
{
    return strlen(password) > SECRET_MOST ? _("the password is longer than 511 bytes, or has a NUL in it") :
           text_has_control(span_of(password)) ? _("the password has control characters in it") : NULL;
}

static APART const char *ask(struct user_work *w)
{
    char password[SECRET_MOST + 2];
    const char *why = read_password(password, sizeof password);

    if (!why)
        why = weak(password);
    if (!why && secret_hash(span_of(password), w->hash) < 0)
        why = _("this password cannot be hashed");
    explicit_bzero(password, sizeof password);
    return why;
}

/* ---- changes ---- */

static void fill(void *ctx, struct user *u)
{
    const struct user_work *w = ctx;
    const struct user_args *a = &w->args;

    if (w->verb->secret)
        u->hash = span_of(w->hash);
    if (a->home)
        u->home = strcmp(a->home, "/") == 0 ? SPAN("") : span_of(a->home);
    if (a->rights || w->verb->add)
        u->rights = span_of(a->rights ? a->rights : "add");
    if (a->limits)
        u->limits = w->limits;
    if (a->notes)
        u->notes = span_of(a->notes);
}

/* Who wants to change an account that is not there need not think of a password first. */
static void is_there(void *ctx, const struct user *u)
{
    struct user_work *w = ctx;

    w->shown += span_eq(u->name, span_of(w->args.name));
}

static int change(struct user_work *w)
{
    char text[900];
    struct buf err = BUF(text);
    struct user_edit e = { .name = span_of(w->args.name), .add = w->verb->add, .drop = w->verb->drop, .fill = fill, .ctx = w };
    const char *why = fault(w);
    int rc;

    if (!why && w->verb->secret) {
        if (user_file_each(w->path, is_there, w, &err) < 0)
            return refuse(buf_cstr(&err));
        if (w->verb->add == !w->shown)
            why = ask(w);
    }
    if (why)
        return refuse(why);
    rc = user_file_edit(w->path, &e, &err);
    if (rc > 0)
        printf(_("Made %s; a server uses it from its next start on.\n"), w->path);
    return rc < 0 ? refuse(buf_cstr(&err)) : USER_OK;
}

/* ---- the list ---- */

static void column(struct buf *b, struct span s, unsigned width)
{
    size_t start = b->len;
    unsigned used;

    text_terminal(b, s.len ? s : SPAN("-"));
    for (ui_fit((struct span){ b->at + start, b->len - start }, width, &used); used < width; used++)
        buf_putc(b, ' ');
    buf_text(b, "  ");
}

static void put_line(struct buf *line, const struct span cells[4], struct span last)
{
    static const unsigned columns[] = { 16, 24, 16, 28 };

    for (unsigned i = 0; i < sizeof columns / sizeof *columns; i++)
        column(line, cells[i], columns[i]);
    text_terminal(line, last);
    while (line->len && line->at[line->len - 1] == ' ')
        line->len--;
    buf_putc(line, '\n');
}

static void put(struct user_work *w, struct buf *line)
{
    fputs(buf_cstr(line), stdout);
    w->shown++;
}

static void show_text(void *ctx, const struct user *u)
{
    struct user_work *w = ctx;
    char text[100];
    struct buf line = BUF(w->line), limits = BUF(text);

    user_limits_print(&limits, &u->limits);
    if (!w->shown)
        put_line(&line, (struct span[4]){ span_of(_("name")), span_of(_("rights")), span_of(_("home")), span_of(_("limits")) }, span_of(_("notes")));
    put_line(&line, (struct span[4]){ u->name, u->rights.len ? u->rights : SPAN("add"), u->home.len ? u->home : SPAN("/"), buf_span(&limits) },
             u->hash.len ? u->notes : span_of(_("(no password: cannot log in)")));
    put(w, &line);
}

static void show_json(void *ctx, const struct user *u)
{
    struct user_work *w = ctx;
    struct buf line = BUF(w->line);

    buf_text(&line, "{\"name\":");
    text_json(&line, u->name);
    buf_text(&line, ",\"rights\":");
    text_json(&line, u->rights.len ? u->rights : SPAN("add"));
    buf_text(&line, ",\"home\":");
    text_json(&line, u->home.len ? u->home : SPAN("/"));
    buf_printf(&line, ",\"sessions\":%llu,\"down\":%lld,\"up\":%lld,\"notes\":", (unsigned long long)u->limits.sessions,
               (long long)u->limits.down, (long long)u->limits.up);
    text_json(&line, u->notes);
    buf_text(&line, "}\n");
    put(w, &line);
}

static int list(struct user_work *w)
{
    char text[900];
    struct buf err = BUF(text);

    if (user_file_each(w->path, w->args.json ? show_json : show_text, w, &err) < 0)
        return refuse(buf_cstr(&err));
    if (!w->shown && !w->args.json)
        printf(_("%s has no accounts; `dray user add NAME` makes one.\n"), w->path);
    return USER_OK;
}

/* ---- the command ---- */

static int run(struct user_work *w)
{
    int rc = w->args.file ? 0 : state_path("users", w->path, sizeof w->path);

    if (rc < 0)
        return refuse(_("there is no folder for dray's files here; name the accounts file with --file"));
    if (w->args.file && strlen(w->args.file) >= sizeof w->path)
        return refuse(_("that path is too long"));
    if (w->args.file)
        strcpy(w->path, w->args.file);
    return w->verb->list ? list(w) : change(w);
}

static int obey(struct user_work *w, int argc, char **argv)
{
    for (int i = 1, taken; i < argc; i += taken) {
        taken = take(w, argv[i], argv[i + 1]);
        if (taken < 0)
            return USER_USAGE;
    }
    if (w->args.help)
        return help();
    if (w->verb && (w->verb->list || w->args.name))
        return run(w);
    if (w->verb)
        wrong(_("an account's name is missing behind"), w->verb->name);
    else
        wrong(_("add, passwd, set, del or list, not"), "");
    return USER_USAGE;
}

int cmd_user(int argc, char **argv)
{
    struct user_work *w = calloc(1, sizeof *w);
    int rc = w ? obey(w, argc, argv) : USER_LEFT;

    free(w);
    return rc;
}
