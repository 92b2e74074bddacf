/* doctor: see doctor.h. Called by main; owns what TLS streams share, and the descriptor for Ctrl-C. Everything else is in
 * client/doctor.c. Mistakes are told in one line on the error stream and by exit code 2. */
#include "cmd/doctor.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/doctor.h"
#include "client/input.h"
#include "cmd/asked.h"
#include "sys/interrupt.h"
#include "sys/term.h"

struct asked_doctor {
    struct asked asked; /* first: see asked.h */
    struct doctor doctor;
};

static int set_json(void *to, const char *value)
{
    (void)value;
    ((struct asked_doctor *)to)->doctor.json = true;
    return ARGS_GO;
}

static int set_write(void *to, const char *value)
{
    (void)value;
    ((struct asked_doctor *)to)->doctor.write = true;
    return ARGS_GO;
}

static int set_debug(void *to, const char *value)
{
    (void)value;
    ((struct asked_doctor *)to)->doctor.debug = true;
    return ARGS_GO;
}

static int set_help(void *to, const char *value);

static const struct args_row rows[] = {
    { 'w', "write", NULL, N_("also what needs an upload: makes a folder there, and removes it"), set_write },
    { 0, "json", NULL, N_("one JSON object a line: each check, and the end"), set_json },
    { 0, "debug", NULL, N_("show the dialogue with the server, passwords masked"), set_debug },
    { 'h', "help", NULL, N_("show this text"), set_help },
    { .name = NULL },
};

static const struct args_row *const tables[] = { rows, asked_rows, NULL };

void doctor_options(const char *name, args_take *take, void *ctx)
{
    (void)name;
    args_each(tables, take, ctx);
}

static int set_help(void *to, const char *value)
{
    (void)to;
    (void)value;
    puts(_("Usage: dray doctor [OPTION...] URL\n\nTests a server from here, and says what to do about what is wrong. Without --write it only reads: the "
           "folder\nof URL, and the largest file in it of up to 16 MiB.\n"));
    args_print(tables);
    puts(_("\nExit code: 0 nothing is bad, 11 something is, 2 usage, 3 cannot connect, 4 login refused, 8 TLS, 130 interrupted."));
    return OUT_DONE;
}

static int ask_password(struct target *t)
{
    CLEANUP(input_close) struct input *in = NULL;
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });

    if (!t->has_user || t->has_password || strcmp(t->user, "anonymous") == 0 || !term_is(0) || input_open(&task, false, NULL, NULL, &in) < 0)
        return ARGS_GO; /* the server may want none; if it does, that is said then */
    if (input_secret(in, _("Password: "), t->password, sizeof t->password) < 0)
        return OUT_USAGE;
    t->has_password = true;
    return ARGS_GO;
}

static int run(struct asked_doctor *a, int argc, char **argv)
{
    CLEANUP(close_fd) int interrupt = -1;
    struct doctor *d = &a->doctor;
    int rc;

    if (argc - optind != 1) {
        fprintf(stderr, _("dray: doctor wants one URL (dray doctor --help)\n"));
        return OUT_USAGE;
    }
    rc = asked_target(&a->asked, argv[optind], &d->site.where);
    if (rc == ARGS_GO)
        rc = ask_password(&d->site.where);
    if (rc != ARGS_GO)
        return rc;
    interrupt = interrupt_open();
    d->interrupt = interrupt;
    d->quiet = a->asked.quiet;
    d->site.how = a->asked.how;
    d->site.secure = &a->asked.secure;
    return (int)doctor_run(d);
}

static void asked_free(struct asked_doctor **a)
{
    if (*a) {
        secure_free(&(*a)->asked.secure);
        explicit_bzero(*a, sizeof **a);
    }
    free(*a);
    *a = NULL;
}

int cmd_doctor(int argc, char **argv)
{
    CLEANUP(asked_free) struct asked_doctor *a = calloc(1, sizeof *a);
    int rc;

    if (!a)
        return OUT_LOCAL;
    a->asked.how.patience = DOCTOR_PATIENCE;
    rc = args_parse(tables, a, argc, argv);
    return rc == ARGS_GO ? run(a, argc, argv) : rc;
}
