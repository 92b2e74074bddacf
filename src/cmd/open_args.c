/* open_args: options and address of `dray open`. Called by cmd/open.c; owns nothing. The rows of `options` are the
 * parser, the help text and its order. Mistakes are told in one line on the error stream and by exit code 2. The
 * password comes from a file, later from a prompt without echo, or from a URL, and is wiped from the argument list. */
#include "cmd/open_args.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "sys/local.h"

struct option_row {
    char letter; /* 0 none */
    const char *name, *arg, *about;
    int (*set)(struct open *o, const char *value); /* OPEN_GO, or an exit code */
};

static int set_user(struct open *o, const char *value);
static int set_password_file(struct open *o, const char *value);
static int set_force(struct open *o, const char *value);
static int set_active(struct open *o, const char *value);
static int set_quiet(struct open *o, const char *value);
static int set_help(struct open *o, const char *value);

static const struct option_row options[] = {
    { 'u', "user", "NAME", "log in as NAME (default: anonymous); the password is asked for", set_user },
    { 0, "password-file", "FILE", "take the password from the first line of FILE", set_password_file },
    { 'f', "force", NULL, "replace existing local files without asking", set_force },
    { 0, "active", NULL, "let the server connect to this computer for each transfer (PORT)", set_active },
    { 'q', "quiet", NULL, "results and errors only: no progress, no word of the server", set_quiet },
    { 'h', "help", NULL, "show this text", set_help },
};

enum { OPTIONS = sizeof options / sizeof *options };

static int set_user(struct open *o, const char *value)
{
    if (strlen(value) >= sizeof o->target.user)
        return OUT_USAGE;
    strcpy(o->target.user, value);
    o->target.has_user = true;
    return OPEN_GO;
}

static int set_password_file(struct open *o, const char *value)
{
    int rc = local_first_line(value, o->target.password, sizeof o->target.password);

    if (rc < 0)
        return client_failed_here(&o->client, span_of(value), rc);
    o->target.has_password = true;
    return OPEN_GO;
}

static int set_force(struct open *o, const char *value)
{
    (void)value;
    o->client.force = true;
    return OPEN_GO;
}

static int set_active(struct open *o, const char *value)
{
    (void)value;
    o->how.active = true;
    return OPEN_GO;
}

static int set_quiet(struct open *o, const char *value)
{
    (void)value;
    o->quiet = true;
    return OPEN_GO;
}

static int set_help(struct open *o, const char *value)
{
    (void)o;
    (void)value;
    puts("Usage: dray open [OPTION...] [HOST[:PORT] | ftp://[USER@]HOST[:PORT][/FOLDER]]\n\n"
         "Opens an FTP server with a menu: list, download and upload files (default: 127.0.0.1:2121).\n");
    for (const struct option_row *r = options; r < options + OPTIONS; r++)
        printf("  %c%c%c --%s%s%-*s %s\n", r->letter ? '-' : ' ', r->letter ? r->letter : ' ', r->letter ? ',' : ' ',
               r->name, r->arg ? " " : "", 20 - (int)strlen(r->name) - (r->arg != NULL), r->arg ? r->arg : "",
               r->about);
    puts("\nCommands are typed, or read from a pipe: printf 'get notes.txt\\nquit\\n' | dray open HOST\n"
         "Exit code: 0 done, 2 usage, 3 cannot connect, 4 login refused, 5 not found, 6 refused, 7 local file,\n"
         "9 not whole or connection lost, 130 interrupted.");
    return OUT_DONE;
}

/* ---- arguments ---- */

static void fill_getopt(struct option longs[OPTIONS + 1], char shorts[2 * OPTIONS + 1])
{
    for (int i = 0; i < OPTIONS; i++) {
        longs[i] = (struct option){ options[i].name, options[i].arg ? required_argument : no_argument, NULL, 256 + i };
        if (options[i].letter) {
            *shorts++ = options[i].letter;
            if (options[i].arg)
                *shorts++ = ':';
        }
    }
    longs[OPTIONS] = (struct option){ 0 };
    *shorts = '\0';
}

static const struct option_row *row_of(int c)
{
    for (int i = 0; i < OPTIONS; i++)
        if (c == 256 + i || (options[i].letter && c == options[i].letter))
            return &options[i];
    return NULL;
}

static int parse_options(struct open *o, int argc, char **argv)
{
    struct option longs[OPTIONS + 1];
    char shorts[2 * OPTIONS + 1];
    int c, rc = OPEN_GO;

    fill_getopt(longs, shorts);
    while (rc == OPEN_GO && (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct option_row *r = row_of(c);

        rc = r ? r->set(o, optarg) : OUT_USAGE;
    }
    return rc;
}

/* The password of a URL is nobody's business in the process list. */
static void wipe_password(char *arg)
{
    char *start = strstr(arg, "://"), *colon, *end;

    start = start ? start + 3 : arg;
    end = start + strcspn(start, "/");
    while (end > start && *end != '@')
        end--;
    colon = memchr(start, ':', (size_t)(end - start));
    if (colon)
        memset(colon + 1, 'x', (size_t)(end - colon - 1));
}

static int parse_where(struct open *o, char *arg)
{
    struct target *t = &o->target, found;
    int rc = target_parse(span_of(arg), &found);

    if (rc < 0) {
        ui_fail(&o->client.ui, "%s: %s", arg,
                rc == -EPROTONOSUPPORT ? "only ftp:// is spoken here" : "this is no address");
        return OUT_USAGE;
    }
    /* an option says more than the address */
    if (t->has_user)
        strcpy(found.user, t->user);
    if (t->has_password)
        strcpy(found.password, t->password);
    found.has_user |= t->has_user;
    found.has_password |= t->has_password;
    if (found.has_password)
        wipe_password(arg);
    *t = found;
    return OPEN_GO;
}

int open_parse(struct open *o, int argc, char **argv)
{
    char here[] = "127.0.0.1";
    int rc = parse_options(o, argc, argv);

    if (rc != OPEN_GO)
        return rc;
    o->client.ui = ui_of_process(o->quiet);
    if (argc - optind > 1) {
        ui_fail(&o->client.ui, "one address at a time (dray open --help)");
        return OUT_USAGE;
    }
    return parse_where(o, optind < argc ? argv[optind] : here);
}
