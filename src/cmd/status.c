/* status: `dray status`: finds the running servers of this user and prints what each is doing. Called by main;
 * owns nothing: the scoreboards are mapped for reading only while they are printed, and a server notices nothing
 * of it. Exit code 3 when no server runs, 2 for wrong usage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/say.h"
#include "base/span.h"
#include "client/ui.h"
#include "cmd/cmd.h"
#include "cmd/status_print.h"
#include "obs/board_file.h"
#include "rt/rt.h"
#include "sys/term.h"

struct status {
    pid_t pid; /* 0: all */
    bool json, watch, help;
    char line[STATUS_LINE];
};

const char status_help[] =
    N_("dray status [--json] [--watch] [PID]: what the servers of this user are doing, or the one with this pid\n\n"
    "  --json     one JSON object for each server, a line each\n"
    "  --watch    again every second, until Ctrl-C\n"
    "\nExit: 0, 2 for wrong usage, 3 when no server runs.\n");

static int help(void)
{
    fputs(_(status_help), stdout);
    return STATUS_OK;
}

static int wrong(const char *arg)
{
    struct shown safe;

    fprintf(stderr, _("dray status: \"%s\" is neither an option nor a process id; `dray status --help` tells more\n"),
            shown(&safe, span_of(arg)));
    return -1;
}

static int take(struct status *s, const char *arg)
{
    const struct {
        const char *name;
        bool *on;
    } flags[] = { { "--json", &s->json }, { "--watch", &s->watch }, { "--help", &s->help }, { "-h", &s->help } };
    uint64_t pid;

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(arg, flags[i].name) == 0) {
            *flags[i].on = true;
            return 0;
        }
    }
    if (s->pid || span_u64(span_of(arg), INT32_MAX, &pid) < 0 || !pid)
        return wrong(arg);
    s->pid = (pid_t)pid;
    return 0;
}

static void show(const struct board *b, void *arg)
{
    struct status *s = arg;
    struct buf line = BUF(s->line);

    if (s->json)
        status_json(b, &line);
    else
        status_text(b, &line);
}

static int once(struct status *s)
{
    if (s->watch && !s->json && term_is(1))
        fputs("\033[H\033[J", stdout); /* cursor home, erase what is below */
    if (board_each(s->pid, show, s) == 0) {
        fputs(s->pid ? _("dray status: this user runs no server with that process id\n")
                     : _("dray status: this user runs no server\n"), stderr);
        return STATUS_NONE;
    }
    return fflush(stdout) == 0 ? STATUS_OK : SERVE_FAILED;
}

static int run(struct status *s, int argc, char **argv)
{
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });
    int code;

    for (int i = 1; i < argc; i++)
        if (take(s, argv[i]) < 0)
            return SERVE_USAGE;
    if (s->help)
        return help();
    while ((code = once(s)) == STATUS_OK && s->watch)
        rt_sleep(&task, rt_after(&task, 1));
    return code;
}

int cmd_status(int argc, char **argv)
{
    struct status *s = calloc(1, sizeof *s);
    int code = s ? run(s, argc, argv) : SERVE_FAILED;

    free(s);
    return code;
}
