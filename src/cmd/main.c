/* main: finds the subcommand and runs it. Called by the system; owns nothing. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/commands.h"

static int help(FILE *to, int code)
{
    fputs("dray: a file server and its client\n\n", to);
    for (const struct command *c = commands; c->name; c++)
        fprintf(to, "  dray %-10s %s\n", c->name, c->help);
    fputs("\nExamples:\n"
          "  dray serve                     share this folder: anyone may bring files, nobody may destroy any\n"
          "  dray serve --read-only /srv    share another one, downloads only\n"
          "  dray open                      the menu, on this machine's server\n"
          "  dray open files.example:2121   the menu, elsewhere\n"
          "  dray get -r files.example/photos   the same for scripts: ls get put sync cat rm mv mkdir find\n"
          "\n`dray COMMAND --help` tells more; so does the manual, dray(1). `dray --version` tells the version.\n",
          to);
    return code;
}

/* Names are UTF-8 also where the environment says nothing, or names a locale that is not installed. */
static void choose_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    choose_locale();
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(name, c->name) == 0)
            return c->run(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0)
        return printf("dray %s\n", DRAY_VERSION) < 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help(stdout, 0);
    if (*name)
        fprintf(stderr, "dray: there is no command `%s`\n\n", name);
    return help(stderr, SERVE_USAGE);
}
