/* open_args: options and address of `dray open`. Called by cmd/open.c; owns nothing. Mistakes are told in one line on the error
 * stream and by exit code 2. */
#include "cmd/open_args.h"

#include <getopt.h>

#include "base/say.h"
#include "client/bookmark.h"
#include "cmd/open.h"
#include "wire/bookmarks.h"

static int set_force(void *to, const char *value)
{
    (void)value;
    ((struct open *)to)->force = true;
    return ARGS_GO;
}

static int set_retries(void *to, const char *value)
{
    return args_number(value, 0, 1000, &((struct open *)to)->client.retries, _("--retries wants a number from 0 to 1000"));
}

static int set_help(void *to, const char *value);

static const struct args_row own_rows[] = {
    { 'f', "force", NULL, N_("replace existing local files without asking"), set_force },
    { 0, "retries", "N", N_("try a transfer that broke off N times more (default: 3)"), set_retries },
    { 'h', "help", NULL, N_("show this text"), set_help },
    { .name = NULL },
};

static const struct args_row *const tables[] = { asked_rows, own_rows, NULL };

static int set_help(void *to, const char *value)
{
    (void)to;
    (void)value;
    puts(_("Usage: dray open [OPTION...] [HOST[:PORT] | ftp[s]://[USER@]HOST[:PORT][/FOLDER] | BOOKMARK]\n\n"
         "Opens an FTP server with a menu: list, download and upload files (default: 127.0.0.1:2121).\n"));
    args_print(tables);
    puts(_("\nCommands are typed, or read from a pipe: printf 'get notes.txt\\nquit\\n' | dray open HOST\n"
         "Exit code: 0 done, 2 usage, 3 cannot connect, 4 login refused, 5 not found, 6 refused, 7 local file,\n"
         "8 TLS, 9 not whole or connection lost, 130 interrupted."));
    return OUT_DONE;
}

void open_options(const char *name, args_take *take, void *ctx)
{
    (void)name;
    args_each(tables, take, ctx);
}

/* A plain word is a bookmark, if there is one of that name; else a host. */
static char *bookmarked(char *word, char *room, size_t cap)
{
    if (!bookmark_known(span_of(word)))
        return word;
    snprintf(room, cap, "@%s", word);
    return room;
}

int open_parse(struct open *o, int argc, char **argv)
{
    char here[] = "127.0.0.1", name[BOOKMARK_NAME + 2];
    int rc = args_parse(tables, o, argc, argv);

    if (rc != ARGS_GO)
        return rc;
    o->client.ui = ui_of_process(o->asked.quiet);
    o->client.force = o->force;
    if (argc - optind > 1) {
        ui_fail(&o->client.ui, _("one address at a time (dray open --help)"));
        return OUT_USAGE;
    }
    return asked_target(&o->asked, bookmarked(optind < argc ? argv[optind] : here, name, sizeof name), &o->site.where);
}
