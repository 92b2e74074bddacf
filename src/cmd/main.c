/* main: finds the subcommand and runs it. Called by the system; owns nothing. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/bench.h"
#include "cmd/cmd.h"
#include "cmd/open.h"
#include "cmd/verbs.h"

/* A shared folder on this machine, or what a server has. */
static int verify(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (verbs_is_url(argv[i]))
            return cmd_verb(argc, argv);
    return cmd_verify(argc, argv);
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "serve", cmd_serve, "serve a folder over FTP" },
    { "open", cmd_open, "look into a server, with a menu" },
    { "ls", cmd_verb, "list a folder of a server" },
    { "get", cmd_verb, "fetch files and folders" },
    { "put", cmd_verb, "bring files and folders" },
    { "sync", cmd_verb, "make a folder like another: a server's, or one here" },
    { "cat", cmd_verb, "print a file of a server" },
    { "rm", cmd_verb, "remove files and folders of a server" },
    { "mv", cmd_verb, "rename at a server" },
    { "mkdir", cmd_verb, "make a folder at a server" },
    { "find", cmd_verb, "search a server" },
    { "bookmark", cmd_bookmark, "names for addresses" },
    { "user", cmd_user, "who may log in: the accounts file" },
    { "status", cmd_status, "what the servers of this user are doing" },
    { "unban", cmd_unban, "let somebody in again who was banned for wrong passwords" },
    { "partials", cmd_partials, "what is kept of uploads that broke off" },
    { "verify", verify, "are the files still what was stored? Are they what a server has?" },
    { "bench", cmd_bench, "measure the server models on this machine" },
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int help(FILE *to, int code)
{
    fputs("dray: a file server and its client\n\n", to);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(to, "  dray %-8s %s\n", commands[i].name, commands[i].help);
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
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0)
        return printf("dray %s\n", DRAY_VERSION) < 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return help(stdout, 0);
    if (*name)
        fprintf(stderr, "dray: there is no command `%s`\n\n", name);
    return help(stderr, SERVE_USAGE);
}
