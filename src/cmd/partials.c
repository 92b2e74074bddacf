/* partials: `dray partials`: what is kept of uploads that broke off, for the operator: whose, of which file, how much, how old,
 * and the removal of what is not wanted. Called by main; owns nothing. Works beside a running server, which is left word of what
 * is removed, so that its quotas stay right. Exit code 0: done, 1: something that was named was not removed, 2: wrong usage, or
 * the folder cannot be read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/say.h"
#include "client/ui.h"
#include "cmd/cmd.h"
#include "store/partials.h"
#include "sys/clock.h"
#include "wire/path.h"
#include "wire/text.h"

enum { DAY = 24 * 3600, MOST_DAYS = 1000000 };

struct partials {
    const char *dir;
    const char **drop; /* ids; ours */
    unsigned n;
    int64_t older; /* days; -1: not asked for */
    bool json, help;
    struct storage storage;
    int64_t now;
    unsigned shown;
    int code;
    char line[6 * PATH_CAP + 800]; /* as JSON a byte may take six */
};

const char partials_help[] =
    N_("dray partials [--json] [--drop ID]... [--older DAYS] [FOLDER]: what is kept of uploads that broke off\n\n"
    "Clients can continue them (REST, APPE); after the time that --keep-partials of the server names they are removed.\n\n"
    "  --drop ID      remove this one; repeatable\n"
    "  --older DAYS   remove those that have not grown for so many days (0: all)\n"
    "  --json         one JSON object a line\n"
    "\nOne that is being written stays. A server may be running meanwhile.\n"
    "Exit: 0, 1 when something that was named was not removed, 2 for wrong usage or when the folder cannot be read.\n");

static int help(void)
{
    fputs(_(partials_help), stdout);
    return PARTIALS_OK;
}

/* ---- options ---- */

static int wrong(const char *what, const char *arg)
{
    struct shown safe;

    fprintf(stderr, "dray partials: %s \"%s\"; `dray partials --help` tells more\n", what, shown(&safe, span_of(arg)));
    return -1;
}

static int take_value(struct partials *p, const char *flag, const char *value)
{
    uint64_t days;

    if (!value)
        return wrong("a value is missing behind", flag);
    if (strcmp(flag, "--drop") == 0) {
        p->drop[p->n++] = value;
        return 0;
    }
    if (span_u64(span_of(value), MOST_DAYS, &days) < 0)
        return wrong("--older wants a number of days, not", value);
    p->older = (int64_t)days;
    return 0;
}

/* How many words were taken. */
static int take(struct partials *p, const char *arg, const char *next)
{
    const struct {
        const char *name;
        bool *on;
    } flags[] = { { "--json", &p->json }, { "--help", &p->help }, { "-h", &p->help } };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(arg, flags[i].name) == 0) {
            *flags[i].on = true;
            return 1;
        }
    }
    if (strcmp(arg, "--drop") == 0 || strcmp(arg, "--older") == 0)
        return take_value(p, arg, next) < 0 ? -1 : 2;
    if (arg[0] == '-' && arg[1])
        return wrong("there is no option", arg);
    if (p->dir)
        return wrong("one folder at a time, not also", arg);
    p->dir = arg;
    return 1;
}

/* ---- what is shown ---- */

static void put(struct partials *p, struct buf *line)
{
    fputs(buf_cstr(line), stdout);
    p->shown++;
}

static void print_age(struct buf *b, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = { { DAY, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
    size_t i = 0;

    seconds = seconds > 0 ? seconds : 0;
    while (units[i].seconds > 1 && seconds < units[i].seconds)
        i++;
    buf_printf(b, "%lld %s", (long long)(seconds / units[i].seconds), units[i].unit);
}

static void show_text(struct partials *p, const struct partial_view *v)
{
    char size[24], age[24], account[4 * MARK_ACCOUNT + 1];
    struct buf line = BUF(p->line), s = BUF(size), a = BUF(age), who = BUF(account);

    ui_size(&s, v->size);
    if (v->written)
        buf_text(&a, "now");
    else
        print_age(&a, p->now - v->mtime);
    text_terminal(&who, span_of(*v->account ? v->account : "-"));
    if (!p->shown)
        printf("%-32s  %-12s %10s %8s  %s\n", "id", "account", "size", "age", "file");
    buf_printf(&line, "%s  %-12s %10s %8s  ", v->id, buf_cstr(&who), buf_cstr(&s), buf_cstr(&a));
    text_terminal(&line, span_of(*v->path ? v->path : "-"));
    buf_text(&line, "\n");
    put(p, &line);
}

static void json_when(struct buf *b, int64_t seconds)
{
    time_t when = seconds;
    struct tm tm;
    char text[32];

    gmtime_r(&when, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_text(b, text);
}

static void show_json(struct partials *p, const struct partial_view *v)
{
    struct buf line = BUF(p->line);

    buf_printf(&line, "{\"id\":\"%s\",\"account\":", v->id);
    text_json(&line, span_of(v->account));
    buf_text(&line, ",\"path\":");
    text_json(&line, span_of(v->path));
    buf_printf(&line, ",\"size\":%lld,\"modified\":\"", (long long)v->size);
    json_when(&line, v->mtime);
    buf_printf(&line, "\",\"written\":%s}\n", v->written ? "true" : "false");
    put(p, &line);
}

static int show(void *ctx, const struct partial_view *v)
{
    struct partials *p = ctx;

    (p->json ? show_json : show_text)(p, v);
    return 0;
}

static int list(struct partials *p)
{
    TRY(partials_each(&p->storage, show, p));
    if (!p->shown && !p->json)
        puts("No upload is kept here.");
    return 0;
}

/* ---- what is removed ---- */

static void drop(struct partials *p, const char *id)
{
    int rc = partials_drop(&p->storage, id);
    const char *why = rc == -ENOENT ? "there is none of that id" :
                      rc == -EBUSY ? "it is being written just now, so it stays" : err_text(rc);

    if (rc == 0) {
        printf(p->json ? "{\"removed\":\"%s\"}\n" : "removed %s\n", id);
        return;
    }
    struct shown safe;

    fprintf(stderr, "dray partials: %s: %s\n", shown(&safe, span_of(id)), why);
    p->code = PARTIALS_LEFT;
}

static int drop_old(void *ctx, const struct partial_view *v)
{
    struct partials *p = ctx;

    if (!v->written && p->now - v->mtime >= p->older * DAY)
        drop(p, v->id);
    return 0;
}

static int work(struct partials *p)
{
    int rc = 0;

    p->now = clock_wall();
    if (!p->n && p->older < 0)
        return list(p);
    p->storage.served = !store_local_alone(&p->storage);
    for (unsigned i = 0; i < p->n; i++)
        drop(p, p->drop[i]);
    if (p->older >= 0)
        rc = partials_each(&p->storage, drop_old, p);
    if (!p->storage.served)
        partials_end(&p->storage);
    return rc;
}

static int run(struct partials *p)
{
    const char *dir = p->dir ? p->dir : ".";
    struct shown safe;
    int rc = store_local_open(dir, true, &p->storage);

    if (rc >= 0)
        rc = work(p);
    if (rc < 0) {
        fprintf(stderr, "dray partials: %s: %s\n", shown(&safe, span_of(dir)), err_text(rc));
        return PARTIALS_USAGE;
    }
    return p->code;
}

static int parse(struct partials *p, int argc, char **argv)
{
    for (int i = 1, taken; i < argc; i += taken) {
        taken = take(p, argv[i], argv[i + 1]);
        TRY(taken);
    }
    return 0;
}

static void partials_free(struct partials **p)
{
    if (*p)
        free(p[0]->drop);
    free(*p);
    *p = NULL;
}

int cmd_partials(int argc, char **argv)
{
    CLEANUP(partials_free) struct partials *p = calloc(1, sizeof *p);

    if (!p)
        return PARTIALS_USAGE;
    p->older = -1;
    p->drop = calloc((size_t)argc, sizeof *p->drop);
    if (!p->drop || parse(p, argc, argv) < 0)
        return PARTIALS_USAGE;
    return p->help ? help() : run(p);
}
