/* verify: `dray verify`: reads every file of a folder and compares it with the checksums that dray noted when it was stored.
 * A disk that has lost a bit says nothing; this does. Called by main; owns the walk and one block. Needs no server, and does
 * not disturb one: a file that is stored meanwhile is either the old one or the new one. Exit code 0: nothing is bad, 1:
 * something is, 2: wrong usage, or something could not be read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "client/ui.h"
#include "cmd/cmd.h"
#include "cmd/verify.h"
#include "rt/rt.h"
#include "store/storage.h"

struct verify {
    const char *dir;
    unsigned kinds; /* SUM_BIT of what --note notes */
    bool note, json, help;
    const char *path; /* of the file that is read */
    struct verify_total total;
    struct verify_by by;
    struct checked file;
    struct verify_out out;
};

const char verify_help[] =
    N_("dray verify [--note] [--checksum NAME,...] [--json] FOLDER: are the files still what was stored?\n\n"
    "Compares each file with the checksums that dray noted beside it. A file that was changed by other means,\n"
    "which its size and time tell, is counted and not called bad.\n\n"
    "  --note           note checksums of files that have none, or none that holds\n"
    "  --checksum NAME  which ones: crc32 (default), md5, sha1, sha256, sha512; several with commas between\n"
    "  --json           one JSON object a line: each bad file, then the counts\n"
    "\nWith an address instead of a folder (ftp://...) it compares files here with a server's: dray verify URL --help.\n"
    "\nExit: 0 when nothing is bad, 1 when something is, 2 for wrong usage or when something cannot be read.\n");

static int help(void)
{
    fputs(_(verify_help), stdout);
    return VERIFY_OK;
}

/* ---- options ---- */

static int wrong(const char *what, const char *arg)
{
    struct shown safe;

    fprintf(stderr, _("dray verify: %s \"%s\"; `dray verify --help` tells more\n"), what, shown(&safe, span_of(arg)));
    return -1;
}

static int take_kinds(struct verify *v, const char *list)
{
    struct span rest = span_of(list);

    v->kinds = 0;
    while (rest.len) {
        enum sum_id id = sum_find(span_cut(&rest, ','));

        if (id == SUMS)
            return wrong(_("there is no such checksum in"), list);
        v->kinds |= SUM_BIT(id);
    }
    return v->kinds ? 0 : wrong(_("no checksum is named in"), list);
}

static int take(struct verify *v, const char *arg)
{
    const struct {
        const char *name;
        bool *on;
    } flags[] = { { "--note", &v->note }, { "--json", &v->json }, { "--help", &v->help }, { "-h", &v->help } };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(arg, flags[i].name) == 0) {
            *flags[i].on = true;
            return 0;
        }
    }
    if (arg[0] == '-' && arg[1])
        return wrong(_("there is no option"), arg);
    if (v->dir)
        return wrong(_("one folder at a time, not also"), arg);
    v->dir = arg;
    return 0;
}

static int take_all(struct verify *v, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--checksum") == 0 && i + 1 < argc)
            TRY(take_kinds(v, argv[++i]));
        else
            TRY(take(v, argv[i]));
    }
    if (!v->dir && !v->help)
        return wrong(_("name the folder, for example"), "dray verify .");
    return 0;
}

/* ---- the walk ---- */

static void moved(void *ctx, int64_t n)
{
    struct verify *v = ctx;

    v->total.bytes += n;
    verify_progress(&v->out, &v->total, v->path);
}

static void visit(struct verify *v, const struct tree_file *f)
{
    const struct checked *c = &v->file;

    v->path = f->path;
    verify_progress(&v->out, &v->total, f->path);
    verify_file(f, v->note ? v->kinds : 0, &v->by, &v->file);
    v->total.of[c->verdict]++;
    v->total.noted += c->noted;
    v->total.not_noted += c->error && c->verdict != VERIFY_UNREADABLE;
    verify_tell(&v->out, f->path, c);
}

static void walk(struct verify *v, struct tree *tree)
{
    struct tree_file f;
    int rc = 1;

    while (rc && rc != -ESTALE && rc != -ENOMEM) {
        rc = tree_next(tree, &f);
        if (rc > 0)
            visit(v, &f);
        if (rc >= 0)
            continue;
        v->total.of[VERIFY_UNREADABLE]++;
        verify_tell_unreadable(&v->out, f.path, rc);
    }
}

static int code_of(const struct verify_total *t)
{
    if (t->of[VERIFY_BAD])
        return VERIFY_FOUND;
    return t->of[VERIFY_UNREADABLE] ? VERIFY_USAGE : VERIFY_OK;
}

static int look_through(struct verify *v)
{
    CLEANUP(tree_close) struct tree *tree = NULL;
    struct shown safe;
    int rc = tree_open(v->dir, STORE_OWN_PREFIX, &tree);

    if (rc < 0) {
        fprintf(stderr, "dray verify: %s: %s\n", shown(&safe, span_of(v->dir)), _(err_text(rc)));
        return VERIFY_USAGE;
    }
    v->by = (struct verify_by){ rt_block_take(), moved, v };
    if (!v->by.block)
        return VERIFY_USAGE;
    verify_out_begin(&v->out, v->json);
    walk(v, tree);
    verify_tell_total(&v->out, &v->total);
    rt_block_give(v->by.block);
    return fflush(stdout) == 0 ? code_of(&v->total) : VERIFY_USAGE;
}

static int run(struct verify *v, int argc, char **argv)
{
    v->kinds = SUM_BIT(SUM_CRC32);
    if (take_all(v, argc, argv) < 0)
        return VERIFY_USAGE;
    return v->help ? help() : look_through(v);
}

int cmd_verify(int argc, char **argv)
{
    struct verify *v = calloc(1, sizeof *v);
    int code = v ? run(v, argc, argv) : VERIFY_USAGE;

    free(v);
    return code;
}
