/* verbs_args: the options of the client's verbs, one table for each group, and a row for each verb. Called by verbs.c; owns nothing.
 * The rows are the parser and the help text. Mistakes are told in one line on the error stream and by exit code 2. */
#include <getopt.h>
#include <string.h>
#include <time.h>

#include "base/say.h"
#include "client/sync.h"
#include "client/wish.h"
#include "cmd/verbs.h"

static int mistake(const char *what)
{
    fprintf(stderr, "dray: %s\n", what);
    return OUT_USAGE;
}

static struct order *order(void *to)
{
    return &((struct verbs *)to)->order;
}

#define SWITCH(fn, place)                        \
    static int fn(void *to, const char *value)   \
    {                                            \
        (void)value;                             \
        (place) = true;                          \
        return ARGS_GO;                          \
    }

SWITCH(set_json, ((struct verbs *)to)->json)
SWITCH(set_verbose, ((struct verbs *)to)->verbose)
SWITCH(set_debug, ((struct verbs *)to)->debug)
SWITCH(set_long, ((struct verbs *)to)->longer)
SWITCH(set_all, order(to)->all)
SWITCH(set_recursive, order(to)->recursive)
SWITCH(set_force, order(to)->force)
SWITCH(set_continue, order(to)->resume)
SWITCH(set_literal, order(to)->literal)
SWITCH(set_parents, order(to)->parents)
SWITCH(set_checksum, order(to)->checksum)
SWITCH(set_delete, order(to)->remove)
SWITCH(set_dry, order(to)->dry)
SWITCH(set_update, order(to)->update)
SWITCH(set_download, order(to)->download)

static int set_jobs(void *to, const char *value)
{
    return args_number(value, 1, ORDER_JOBS_MOST, &order(to)->jobs, _("--jobs wants a number from 1 to 32"));
}

static int set_segments(void *to, const char *value)
{
    return args_number(value, 1, ORDER_JOBS_MOST, &order(to)->segments, _("--segments wants a number from 1 to 32"));
}

static int set_retries(void *to, const char *value)
{
    return args_number(value, 0, 1000, &order(to)->retries, _("--retries wants a number from 0 to 1000"));
}

static int set_verify(void *to, const char *value)
{
    static const char *const words[] = { "auto", "always", "never" };

    for (unsigned i = 0; i < 3; i++)
        if (strcmp(value, words[i]) == 0) {
            order(to)->verify = (enum verify)i;
            return ARGS_GO;
        }
    return mistake(_("--verify wants auto, always or never"));
}

static int set_to(void *to, const char *value)
{
    order(to)->to = value;
    return *value ? ARGS_GO : mistake(_("--to wants a folder"));
}

static int set_name(void *to, const char *value)
{
    order(to)->name = value;
    return ARGS_GO;
}

static int set_type(void *to, const char *value)
{
    if (strcmp(value, "f") != 0 && strcmp(value, "d") != 0)
        return mistake(_("--type wants f (files) or d (folders)"));
    order(to)->type = *value;
    return ARGS_GO;
}

/* "10M": bytes; K, M, G and T are powers of 1024. */
static int parse_bytes(struct span s, int64_t *out)
{
    static const char units[] = "KMGT";
    const char *unit = s.len ? memchr(units, s.at[s.len - 1] & ~0x20, sizeof units - 1) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    uint64_t n;

    s.len -= unit != NULL;
    if (span_u64(s, (uint64_t)INT64_MAX >> shift, &n) < 0)
        return -1;
    *out = (int64_t)(n << shift);
    return 0;
}

static int set_rate(void *to, const char *value)
{
    enum { LEAST = 1024 }; /* with less, a server would take our waiting for our end */
    int64_t n;

    if (parse_bytes(span_of(value), &n) < 0 || n < LEAST || n > INT64_C(1) << 40)
        return mistake(_("--limit-rate wants bytes a second, at least 1K, as in 500K or 2M"));
    order(to)->rate = n;
    return ARGS_GO;
}

static int add_pattern(struct order *o, const char *text, bool include)
{
    if (o->patterns == ORDER_PATTERNS)
        return mistake(_("no more than 64 patterns are understood"));
    if (!*text)
        return mistake(_("an empty pattern fits nothing"));
    o->pattern[o->patterns++] = (struct order_pattern){ text, include };
    return ARGS_GO;
}

static int set_include(void *to, const char *value)
{
    return add_pattern(order(to), value, true);
}

static int set_exclude(void *to, const char *value)
{
    return add_pattern(order(to), value, false);
}

/* "+10M": at least; "-1K": at most; "0": exactly. */
static int set_size(void *to, const char *value)
{
    struct span s = span_of(value);
    char sign = s.len ? *s.at : 0;
    int64_t n;

    if (parse_bytes(sign == '+' || sign == '-' ? span_from(s, 1) : s, &n) < 0)
        return mistake(_("--size wants +BYTES (at least), -BYTES (at most) or BYTES, as in +10M"));
    if (sign != '-')
        order(to)->least = n;
    if (sign != '+')
        order(to)->most = n;
    return ARGS_GO;
}

static int set_newer(void *to, const char *value)
{
    static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M" };

    for (unsigned i = 0; i < 3; i++) {
        struct tm tm = { .tm_isdst = -1 };
        const char *end = strptime(value, forms[i], &tm);

        if (end && !*end) {
            order(to)->newer = mktime(&tm);
            return ARGS_GO;
        }
    }
    return mistake(_("--newer wants a date, 2026-11-25 or \"2026-11-25 14:30\""));
}

static int set_help(void *to, const char *value);

static const struct args_row common_rows[] = {
    { 0, "json", NULL, N_("one JSON object a line: what happens, and the results"), set_json },
    { 'v', "verbose", NULL, N_("a line for each file, with how it was verified"), set_verbose },
    { 0, "debug", NULL, N_("show the dialogue with the server, passwords masked"), set_debug },
    { 0, "retries", "N", N_("try what broke off N times more (default: 3)"), set_retries },
    { 'h', "help", NULL, N_("show this text"), set_help },
    { .name = NULL },
};

static const struct args_row literal_rows[] = {
    { 0, "literal", NULL, N_("* ? and [ in names mean themselves"), set_literal },
    { .name = NULL },
};

static const struct args_row transfer_rows[] = {
    { 'r', "recursive", NULL, N_("folders and all in them"), set_recursive },
    { 'c', "continue", NULL, N_("go on where it stopped; what is whole already is left alone"), set_continue },
    { .name = NULL },
};

static const struct args_row crowd_rows[] = {
    { 'j', "jobs", "N", N_("files at once, each on a connection of its own (default: 4; far away up to 12)"), set_jobs },
    { 0, "limit-rate", "BYTES", N_("all files together move so many bytes a second, as in 500K or 2M"), set_rate },
    { .name = NULL },
};

static const struct args_row proof_rows[] = {
    { 0, "verify", "auto|always|never", N_("compare checksums; auto: where the server computes them (default)"), set_verify },
    { .name = NULL },
};

static const struct args_row sync_rows[] = {
    { 0, "checksum", NULL, N_("compare content by the server's checksums, not size and time"), set_checksum },
    { 0, "update", NULL, N_("what is newer at the destination stays"), set_update },
    { 0, "delete", NULL, N_("remove at the destination what the source does not have"), set_delete },
    { 0, "dry-run", NULL, N_("tell what would be done, and change nothing"), set_dry },
    { .name = NULL },
};

static const struct args_row pattern_rows[] = {
    { 0, "include", "PATTERN", N_("what fits takes part; of all patterns the first that fits decides"), set_include },
    { 0, "exclude", "PATTERN", N_("what fits is left out, and never deleted: a name, a path, or FOLDER/"), set_exclude },
    { .name = NULL },
};

static const struct args_row verify_rows[] = {
    { 0, "download", NULL, N_("compare the content itself: read it from the server, and write it nowhere"), set_download },
    { .name = NULL },
};

static const struct args_row get_rows[] = {
    { 'o', "to", "FOLDER", N_("put the files there, and make it if it is missing (default: here)"), set_to },
    { 'f', "force", NULL, N_("replace files that are here"), set_force },
    { 0, "segments", "N", N_("a big file over N connections at once (default: as it is worth it)"), set_segments },
    { .name = NULL },
};

static const struct args_row ls_rows[] = {
    { 'l', "long", NULL, N_("with size and time"), set_long },
    { 'a', "all", NULL, N_("also names that begin with a dot"), set_all },
    { .name = NULL },
};

static const struct args_row rm_rows[] = {
    { 'r', "recursive", NULL, N_("folders and all in them"), set_recursive },
    { .name = NULL },
};

static const struct args_row mv_rows[] = {
    { 'f', "force", NULL, N_("replace what has the new name"), set_force },
    { .name = NULL },
};

static const struct args_row mkdir_rows[] = {
    { 'p', "parents", NULL, N_("also the folders above; one that is there is as good"), set_parents },
    { .name = NULL },
};

static const struct args_row find_rows[] = {
    { 0, "name", "PATTERN", N_("names that match: * ? [a-z]"), set_name },
    { 0, "type", "f|d", N_("files or folders only"), set_type },
    { 0, "size", "[+-]BYTES", N_("files of at least (+), at most (-) or exactly so many bytes, as in +10M"), set_size },
    { 0, "newer", "DATE", N_("changed after that, as in 2026-11-25"), set_newer },
    { 'l', "long", NULL, N_("with size and time"), set_long },
    { .name = NULL },
};

#define TABLES(name, ...) static const struct args_row *const name[] = { __VA_ARGS__, asked_rows, common_rows, NULL }
TABLES(ls_tables, ls_rows, literal_rows);
TABLES(get_tables, get_rows, transfer_rows, crowd_rows, proof_rows, literal_rows);
TABLES(put_tables, transfer_rows, crowd_rows, proof_rows);
TABLES(sync_tables, sync_rows, pattern_rows, crowd_rows, proof_rows);
TABLES(verify_tables, verify_rows, pattern_rows, crowd_rows);
TABLES(cat_tables, literal_rows);
TABLES(rm_tables, rm_rows, literal_rows);
TABLES(mv_tables, mv_rows, literal_rows);
TABLES(mkdir_tables, mkdir_rows);
TABLES(find_tables, find_rows, literal_rows);

enum { MANY = 1 << 20 };

static const struct verb_row rows[] = {
    { "ls", "URL...", N_("Lists folders, and the files that are named."), &verb_ls, ls_tables, 1, MANY, verbs_addresses },
    { "get", "URL...", N_("Fetches files. A file has its name when it is whole."), &verb_get, get_tables, 1, MANY, verbs_addresses },
    { "put", "FILE... URL", N_("Brings files into a folder of the server, or one file under a new name."), &verb_put, put_tables, 2,
      MANY, verbs_files },
    { "cat", "URL...", N_("Prints files."), &verb_cat, cat_tables, 1, MANY, verbs_addresses },
    { "rm", "URL...", N_("Removes files."), &verb_rm, rm_tables, 1, MANY, verbs_addresses },
    { "mv", "URL NEWPATH", N_("Renames, or moves into a folder. NEWPATH is a path at the same server."), &verb_mv, mv_tables, 2, 2,
      verbs_two },
    { "mkdir", "URL...", N_("Makes folders."), &verb_mkdir, mkdir_tables, 1, MANY, verbs_addresses },
    { "sync", "SOURCE DESTINATION", N_("Makes the content of one folder that of another. One of them is a URL (ftp:// or ftps://)."),
      &verb_sync, sync_tables, 2, 2, verbs_sync },
    { "verify", "URL [PATH]", N_("Compares a file or folder here (default: this folder) with a server's, and changes nothing."),
      &verb_verify, verify_tables, 1, 2, verbs_verify },
    { "find", "URL...", N_("Shows all that is below a folder, or what of it fits."), &verb_find, find_tables, 1, MANY, verbs_addresses },
};

static int set_help(void *to, const char *value)
{
    const struct verb_row *r = ((struct verbs *)to)->row;

    (void)value;
    printf(_("Usage: dray %s [OPTION...] %s\n\n%s\n\n"), r->name, r->usage, _(r->about));
    args_print(r->tables);
    puts(_("\nURL: ftp[s]://[USER[:PASSWORD]@]HOST[:PORT]/PATH, or HOST[:PORT]/PATH (port 2121), or @BOOKMARK/PATH.\n"
         "* ? and [a-z] in it match at the server.\n"
         "A password: --password-file, the URL, DRAY_PASSWORD, ~/.netrc; else a person is asked.\n"
         "Exit code: 0 done, 2 usage, 3 cannot connect, 4 login refused, 5 not found, 6 refused, 7 local file,\n"
         "8 TLS, 9 not whole or connection lost, 10 not what the server has, 130 interrupted; of many failures the first."));
    return OUT_DONE;
}

static const struct verb_row *row_of(const char *name)
{
    const struct verb_row *r = rows;

    while (strcmp(r->name, name) != 0) /* main knows no others */
        r++;
    return r;
}

void verbs_options(const char *name, args_take *take, void *ctx)
{
    args_each(row_of(name)->tables, take, ctx);
}

int verbs_parse(struct verbs *v, int argc, char **argv)
{
    char text[200];
    int rc, words;

    v->row = row_of(argv[0]);
    rc = args_parse(v->row->tables, v, argc, argv);
    if (rc != ARGS_GO)
        return rc;
    words = argc - optind;
    snprintf(text, sizeof text, _("%s wants %s (dray %s --help)"), v->row->name, v->row->usage, v->row->name);
    if (words < v->row->least || words > v->row->most)
        return mistake(text);
    return v->json && v->row->kind == &verb_cat ? mistake(_("cat prints the file itself: there is no --json")) : ARGS_GO;
}
