/* commands: a row for each subcommand (see commands.h). Used by main and completion; owns nothing. */
#include "cmd/commands.h"

#include "base/say.h"
#include "cmd/bench.h"
#include "cmd/cmd.h"
#include "cmd/completion.h"
#include "cmd/doctor.h"
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

static void verify_options(const char *name, args_take *take, void *ctx)
{
    help_options(name, take, ctx);
    verbs_options(name, take, ctx);
}

const struct command commands[] = {
    { "serve", cmd_serve, N_("serve a folder over FTP"), "FOLDER", serve_options },
    { "open", cmd_open, N_("look into a server, with a menu"), "BOOKMARK", open_options },
    { "ls", cmd_verb, N_("list a folder of a server"), "URL", verbs_options },
    { "get", cmd_verb, N_("fetch files and folders"), "URL", verbs_options },
    { "put", cmd_verb, N_("bring files and folders"), "FILE URL", verbs_options },
    { "sync", cmd_verb, N_("make a folder like another: a server's, or one here"), "FOLDER URL", verbs_options },
    { "cat", cmd_verb, N_("print a file of a server"), "URL", verbs_options },
    { "rm", cmd_verb, N_("remove files and folders of a server"), "URL", verbs_options },
    { "mv", cmd_verb, N_("rename at a server"), "URL", verbs_options },
    { "mkdir", cmd_verb, N_("make a folder at a server"), "URL", verbs_options },
    { "find", cmd_verb, N_("search a server"), "URL", verbs_options },
    { "doctor", cmd_doctor, N_("test a server, and say what to do"), "URL", doctor_options },
    { "bookmark", cmd_bookmark, N_("names for addresses"), "add|list|rm", help_options },
    { "user", cmd_user, N_("who may log in: the accounts file"), "add|passwd|set|del|list", help_options },
    { "status", cmd_status, N_("what the servers of this user are doing"), NULL, help_options },
    { "unban", cmd_unban, N_("let somebody in again who was banned for wrong passwords"), NULL, help_options },
    { "partials", cmd_partials, N_("what is kept of uploads that broke off"), "FOLDER", help_options },
    { "verify", verify, N_("are the files still what was stored? Are they what a server has?"), "FOLDER URL", verify_options },
    { "bench", cmd_bench, N_("measure the server models on this machine"), "models|servers", bench_options },
    { "completion", cmd_completion, N_("make a shell complete what is typed"), "bash|zsh|fish", help_options },
    { .name = NULL },
};
