/* report_people: the report for people. On a terminal a bar for each file on its way and one for all, at the foot of the screen
 * (the error stream); elsewhere a line for each file that is done. Failures always, on the error stream. Called through
 * report_ops; owns the lines it drew. Cannot fail. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/say.h"
#include "client/progress.h"
#include "client/report.h"
#include "rt/rt.h"
#include "sys/term.h"

enum { DRAW_EVERY = 100000000, SHOWN_BARS = 12 }; /* ns; more would not fit on a small screen */

struct people {
    struct ui ui;
    int64_t drawn_at;
    unsigned drawn; /* lines at the foot of the screen */
};

static struct people *face(struct report *r)
{
    return r->face;
}

/* Takes the bars off the screen. */
static void clear(struct people *p)
{
    for (; p->drawn; p->drawn--)
        fputs(p->drawn > 1 ? "\r\033[K\033[A" : "\r\033[K", stderr);
    fflush(stderr);
}

static void draw_line(struct people *p, const struct progress *bar, int64_t now)
{
    char line[1024];
    struct buf b = BUF(line);

    progress_print(&b, bar, now, term_width(2) - 1);
    fprintf(stderr, "%s%s\033[K", p->drawn ? "\n" : "\r", buf_cstr(&b));
    p->drawn++;
}

static void draw_total(struct report *r, int64_t now)
{
    const struct totals *t = &r->totals;
    char name[80];
    int64_t done = t->bytes;

    snprintf(name, sizeof name, _("%u of %u"), t->done + t->skipped + t->failed, t->planned);
    draw_line(face(r), &(struct progress){ .name = span_of(name), .total = t->planned_bytes, .done = done, .started = t->began },
              now);
}

static void draw(struct report *r, int64_t now)
{
    struct people *p = face(r);
    unsigned shown = 0;

    if (!p->ui.live || r->quiet || now - p->drawn_at < DRAW_EVERY)
        return;
    p->drawn_at = now;
    fflush(stdout);
    clear(p);
    for (unsigned i = 0; i < REPORT_SLOTS && shown < SHOWN_BARS; i++) {
        const struct flight *f = r->flights[i];

        if (!f)
            continue;
        shown++;
        draw_line(p, &(struct progress){ .name = f->there, .total = f->size, .done = f->done, .from = f->from, .started = f->began },
                  now);
    }
    if (r->totals.planned > 1)
        draw_total(r, now);
    fflush(stderr);
}

static void on_moved(struct report *r, const struct flight *f, int64_t now)
{
    (void)f;
    draw(r, now);
}

static void on_end(struct report *r, const struct flight *f, int64_t now)
{
    struct people *p = face(r);
    struct progress bar = { .name = f->there, .total = f->size, .done = f->done, .from = f->from, .started = f->began };
    char text[900];
    struct buf b = BUF(text);

    if (r->quiet || (p->ui.live && !r->verbose)) {
        draw(r, now);
        return;
    }
    clear(p);
    buf_printf(&b, "%s ", f->verb);
    progress_summary(&b, &bar, now);
    if (r->verbose || f->from)
        report_how(&b, f);
    ui_say(&p->ui, "%s", buf_cstr(&b));
}

static void on_failed(struct report *r, const char *verb, struct span there, const struct failure *why)
{
    (void)verb;
    (void)there;
    clear(face(r));
    ui_fail(&face(r)->ui, "%s", why->text);
}

static void on_did(struct report *r, const char *verb, struct span there, struct span to)
{
    struct shown a, b;

    if (r->quiet)
        return;
    clear(face(r));
    ui_say(&face(r)->ui, "%s %s%s%s", verb, shown(&a, there), to.len ? " -> " : "", to.len ? shown(&b, to) : "");
}

static void on_deed(struct report *r, const struct deed *d)
{
    struct span name = d->there.len ? d->there : d->here;
    struct shown safe;
    char reason[32] = "";

    if (r->quiet)
        return;
    clear(face(r));
    if (d->why)
        snprintf(reason, sizeof reason, " (%s)", d->why);
    ui_say(&face(r)->ui, "%s%s %s%s", d->dry ? _("would ") : "", d->verb, shown(&safe, name), reason);
}

static void on_note(struct report *r, const char *verb, struct span there, const char *text)
{
    struct shown safe;

    if (r->quiet)
        return;
    clear(face(r));
    fflush(stdout);
    fprintf(stderr, "%s %s: %s\n", _(verb), shown(&safe, there), text);
}

static const char *date(int64_t mtime, char out[20])
{
    time_t t = (time_t)mtime;
    struct tm tm;

    if (mtime == INT64_MIN || !localtime_r(&t, &tm) || !strftime(out, 20, "%Y-%m-%d %H:%M", &tm))
        return "-";
    return out;
}

static void on_entry(struct report *r, struct span folder, const struct listing_entry *e)
{
    struct shown name, at;
    char when[20];
    bool paths = r->paths && folder.len;

    clear(face(r));
    if (r->longer)
        printf("%c %14lld  %-16s  ", e->folder ? 'd' : e->other ? '?' : '-', (long long)(e->size < 0 ? 0 : e->size),
               date(e->mtime, when));
    printf("%s%s%s%s\n", paths ? shown(&at, folder) : "", paths && folder.at[folder.len - 1] != '/' ? "/" : "",
           shown(&name, e->name), e->folder && !r->paths ? "/" : "");
}

static void on_talk(struct report *r, bool sent, struct span line)
{
    struct shown safe;

    clear(face(r));
    fflush(stdout);
    fprintf(stderr, "%s %s\n", sent ? ">" : "<", shown(&safe, line));
}

static void say_sync(const struct report *r, int64_t now)
{
    const struct totals *t = &r->totals;
    char size[24];
    struct buf b = BUF(size);

    ui_size(&b, t->bytes);
    fprintf(stderr, _("%s%u transferred (%s), %u the same, %u deleted, %u failed, in %.1f s\n"),
            r->dry ? _("nothing was changed; it would be: ") : "", t->done, buf_cstr(&b), t->skipped, t->deleted, t->failed,
            (double)(now - t->began) / 1e9);
}

static void on_finish(struct report *r, enum outcome out, int64_t now)
{
    const struct totals *t = &r->totals;
    char name[64], text[300];
    struct buf b = BUF(text);

    (void)out;
    clear(face(r));
    fflush(stdout);
    if (r->quiet || (t->planned < 2 && !r->sync))
        return;
    if (r->sync) {
        say_sync(r, now);
        return;
    }
    snprintf(name, sizeof name, _("%u done"), t->done);
    progress_summary(&b, &(struct progress){ .name = span_of(name), .total = -1, .done = t->bytes, .started = t->began }, now);
    if (t->skipped)
        buf_printf(&b, _(", %u were there already"), t->skipped);
    if (t->failed)
        buf_printf(&b, _(", %u failed"), t->failed);
    fprintf(stderr, "%s\n", buf_cstr(&b));
}

static void on_close(struct report *r)
{
    clear(face(r));
    free(r->face);
    r->face = NULL;
}

static const struct report_ops ops = {
    .moved = on_moved, .end = on_end, .failed = on_failed, .did = on_did, .deed = on_deed, .note = on_note, .entry = on_entry,
    .talk = on_talk, .finish = on_finish, .close = on_close,
};

int report_for_people(struct report *r)
{
    struct people *p = calloc(1, sizeof *p);

    if (!p)
        return -ENOMEM;
    p->ui = ui_of_process(r->quiet);
    r->face = p;
    r->ops = &ops;
    return 0;
}
