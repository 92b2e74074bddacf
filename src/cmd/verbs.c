/* verbs: runs one verb of the client: options, addresses, passwords, then the crew (client/crew.h) until all is done. Called by
 * main; owns the crew and the descriptor for Ctrl-C. Failures are told by the report, and by the exit code (client/outcome.h). */
#include "cmd/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/input.h"
#include "client/sync.h"
#include "client/wish.h"
#include "sys/interrupt.h"
#include "sys/locale.h"
#include "sys/term.h"

/* ---- what the words mean ---- */

APART static int mistake(struct crew *c, enum outcome out, const char *text)
{
    struct failure f;

    failure_set(&f, out, "%s", text);
    report_failed(&c->report, "start", (struct span){ 0 }, &f);
    return out;
}

static int wish(struct verbs *v, const char *path, const char *here)
{
    struct crew *c = &v->crew;
    struct ftpc_how how = v->asked.how;
    struct job like = { .size = -1, .mtime = INT64_MIN };

    if (v->debug) {
        how.talk = report_talk;
        how.talk_arg = &c->report;
    }
    like.site = crew_site(c, &v->where, how, &v->asked.secure);
    if (!like.site || crew_add(c, &like, v->row->kind, span_of(path), span_of(here)) < 0)
        return mistake(c, OUT_LOCAL, _("out of memory"));
    return ARGS_GO;
}

int verbs_addresses(struct verbs *v, int argc, char **argv)
{
    int rc = ARGS_GO;

    for (int i = argc; i-- && rc == ARGS_GO;) { /* folders come last in, first out */
        rc = asked_target(&v->asked, argv[i], &v->where);
        if (rc == ARGS_GO)
            rc = wish(v, v->where.path, NULL);
    }
    return rc;
}

int verbs_files(struct verbs *v, int argc, char **argv)
{
    int rc = asked_target(&v->asked, argv[argc - 1], &v->where);

    if (argc > 2)
        v->crew.dest = 1;
    for (int i = argc - 1; i-- && rc == ARGS_GO;) {
        size_t len = strlen(argv[i]);

        while (len > 1 && argv[i][len - 1] == '/') /* of "folder/" the name is "folder" */
            argv[i][--len] = '\0';
        rc = wish(v, v->where.path, argv[i]);
    }
    return rc;
}

/* The new place is a path; a whole address is understood, too, when it is of the same server. */
int verbs_two(struct verbs *v, int argc, char **argv)
{
    const struct target *from = &v->where, *to = &v->to;
    const char *path = argv[1];
    int rc = asked_target(&v->asked, argv[0], &v->where);

    (void)argc;
    if (rc != ARGS_GO)
        return rc;
    if (strstr(argv[1], "://")) {
        if (target_parse(span_of(argv[1]), &v->to) < 0 || strcmp(to->host, from->host) != 0 || to->port != from->port)
            return mistake(&v->crew, OUT_USAGE, _("mv stays at one server: both addresses must be of the same"));
        path = to->path;
    }
    return wish(v, from->path, path);
}

/* ---- two folders ---- */

bool verbs_is_url(const char *word)
{
    return *word == '@' || strncasecmp(word, "ftp://", 6) == 0 || strncasecmp(word, "ftps://", 7) == 0;
}

static int with_folder(struct verbs *v, char *url, char *here)
{
    size_t len = strlen(here);
    int rc = asked_target(&v->asked, url, &v->where);

    while (len > 1 && here[len - 1] == '/')
        here[--len] = '\0';
    return rc == ARGS_GO ? wish(v, v->where.path, here) : rc;
}

int verbs_sync(struct verbs *v, int argc, char **argv)
{
    bool up = verbs_is_url(argv[1]);

    (void)argc;
    if (up == verbs_is_url(argv[0]) || !*argv[up ? 0 : 1])
        return mistake(&v->crew, OUT_USAGE,
                       _("sync wants a folder and an address that begins with ftp:// or ftps://, in the order from and to"));
    if (v->order.checksum && v->order.verify == VERIFY_NEVER)
        return mistake(&v->crew, OUT_USAGE, _("sync: --checksum and --verify never contradict each other"));
    v->order.up = up;
    v->order.sync = v->order.force = v->order.resume = true;
    return with_folder(v, argv[up ? 1 : 0], argv[up ? 0 : 1]);
}

int verbs_verify(struct verbs *v, int argc, char **argv)
{
    char here[] = ".";

    v->order.up = true;
    return with_folder(v, argv[0], argc > 1 ? argv[1] : here);
}

/* ---- passwords ---- */

static int ask_password(struct crew *c, struct site *s)
{
    CLEANUP(input_close) struct input *in = NULL;
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });
    struct shown host;
    char prompt[700];

    if (!term_is(0) || input_open(&task, false, NULL, NULL, &in) < 0)
        return ARGS_GO; /* the server may want none; if it does, that is said then */
    snprintf(prompt, sizeof prompt, _("Password at %s: "), shown(&host, span_of(s->where.host)));
    if (input_secret(in, prompt, s->where.password, sizeof s->where.password) < 0)
        return mistake(c, OUT_USAGE, _("no password was given"));
    s->where.has_password = true;
    return ARGS_GO;
}

static int ask_passwords(struct crew *c)
{
    int rc = ARGS_GO;

    for (struct site *s = c->sites; s && rc == ARGS_GO; s = s->next)
        if (s->where.has_user && !s->where.has_password && strcmp(s->where.user, "anonymous") != 0)
            rc = ask_password(c, s);
    return rc;
}

/* ---- the run ---- */

static int start_report(struct verbs *v, struct report *r)
{
    r->quiet = v->asked.quiet;
    r->verbose = v->verbose;
    r->longer = v->longer;
    r->paths = v->row->kind == &verb_find;
    r->sync = v->row->kind == &verb_sync;
    r->dry = v->order.dry;
    return v->json ? report_for_programs(r) : report_for_people(r);
}

static int run(struct verbs *v, int argc, char **argv)
{
    struct crew *c = &v->crew;
    CLEANUP(close_fd) int interrupt = -1;
    int rc = start_report(v, &c->report) < 0 ? OUT_LOCAL : v->row->order(v, argc, argv);

    if (rc == ARGS_GO)
        rc = ask_passwords(c);
    if (rc != ARGS_GO)
        return rc;
    rc = crew_resolve(c); /* the system's resolver cannot be interrupted by a descriptor: Ctrl-C is taken over after it */
    if (rc != OUT_DONE)
        return rc;
    interrupt = interrupt_open();
    return interrupt < 0 ? mistake(c, OUT_LOCAL, _("signals cannot be held back")) : (int)crew_run(c, interrupt);
}

static void verbs_free(struct verbs **v)
{
    if (*v) {
        crew_free(&(*v)->crew);
        secure_free(&(*v)->asked.secure);
        explicit_bzero(*v, sizeof **v);
    }
    free(*v);
    *v = NULL;
}

/* What the others print or change has an order: one after the other. */
static bool is_crowd(const struct job_kind *kind)
{
    return kind == &verb_get || kind == &verb_put || kind == &verb_sync || kind == &verb_verify;
}

int cmd_verb(int argc, char **argv)
{
    CLEANUP(verbs_free) struct verbs *v = calloc(1, sizeof *v);
    int rc;

    if (!v)
        return OUT_LOCAL;
    v->asked.how.patience = ASKED_PATIENCE;
    v->order = (struct order){ .retries = ORDER_RETRIES, .to = ".", .least = -1, .most = -1, .newer = INT64_MIN };
    rc = verbs_parse(v, argc, argv);
    if (rc != ARGS_GO)
        return rc;
    if (v->json)
        locale_plain();
    v->crew.order = &v->order;
    v->crew.most = is_crowd(v->row->kind) ? crew_hands(&v->order) : 1;
    return run(v, argc - optind, argv + optind);
}
