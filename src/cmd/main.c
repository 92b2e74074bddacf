/* main: finds the subcommand and runs it. Called by the system; owns nothing. */
#include <stdio.h>
#include <string.h>

#include "base/say.h"
#include "client/outcome.h"
#include "client/ui.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "sys/locale.h"
#include "sys/proc.h"

static int help(FILE *to, int code)
{
    fputs(_("dray: a file server and its client\n\n"), to);
    for (const struct command *c = commands; c->name; c++)
        fprintf(to, "  dray %-10s %s\n", c->name, _(c->help));
    fputs(_("\nExamples:\n"
          "  dray serve                     share this folder: anyone may bring files, nobody may destroy any\n"
          "  dray serve --read-only /srv    share another one, downloads only\n"
          "  dray open                      the menu, on this machine's server\n"
          "  dray open files.example:2121   the menu, elsewhere\n"
          "  dray get -r files.example/photos   the same for scripts: ls get put sync cat rm mv mkdir find\n"
          "\n`dray COMMAND --help` tells more; so does the manual, dray(1). `dray --version` tells the version.\n"),
          to);
    return code;
}

static const struct command *find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(name, c->name) == 0)
            return c;
    return NULL;
}

static int run(int argc, char **argv)
{
    char asks[] = "--help", *words[] = { argc > 2 ? argv[2] : NULL, asks, NULL };
    const char *name = argc > 1 ? argv[1] : "";
    const struct command *c = find(name);
    struct shown safe;

    if (c)
        return c->run(argc - 1, argv + 1);
    if (strcmp(name, "help") == 0 && argc == 3 && find(argv[2]))
        return find(argv[2])->run(2, words);
    if (strcmp(name, "--version") == 0)
        return printf("dray %s\n", DRAY_VERSION) < 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help(stdout, 0);
    if (*name)
        fprintf(stderr, _("dray: there is no command `%s`\n\n"), shown(&safe, span_of(name)));
    return help(stderr, SERVE_USAGE);
}

/* What was not written was not done, except for a reader who had enough (dray find URL | head -1). */
static int printed(int code)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || proc_reader_left(fileno(stdout)))
        return code;
    fputs(_("dray: standard output cannot be written to\n"), stderr);
    return code ? code : OUT_LOCAL;
}

int main(int argc, char **argv)
{
    proc_open_standard();
    locale_begin();
    return printed(run(argc, argv));
}
