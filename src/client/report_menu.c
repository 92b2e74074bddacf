/* report_menu: the report for the person at the menu: one bar while a file is on its way, what the server says, and one line when
 * it is done, with how it was proven. Called through report_ops; owns nothing: its own is the menu's client. Cannot fail. */
#include "base/say.h"
#include "client/client.h"
#include "client/progress.h"
#include "client/report.h"

static struct client *face(const struct report *r)
{
    return r->face;
}

static struct progress bar_of(const struct report *r, const struct flight *f)
{
    return (struct progress){ .ui = &face(r)->ui, .name = f->there, .total = f->size, .done = f->done, .from = f->from,
                              .started = f->began, .drawn = face(r)->drawn, .visible = face(r)->drawn };
}

static void clear(struct report *r)
{
    if (face(r)->drawn)
        progress_clear(&(struct progress){ .visible = true });
    face(r)->drawn = 0;
}

static void on_begin(struct report *r, const struct flight *f)
{
    (void)f;
    client_note(face(r));
}

static void on_moved(struct report *r, const struct flight *f, int64_t now)
{
    struct progress bar = bar_of(r, f);

    if (!bar.drawn && now - f->began < PROGRESS_FIRST)
        return;
    progress_move(&bar, f->done, now);
    face(r)->drawn = bar.visible ? bar.drawn : 0;
}

static void on_end(struct report *r, const struct flight *f, int64_t now)
{
    struct progress bar = bar_of(r, f);
    char text[900];
    struct buf b = BUF(text);

    clear(r);
    progress_summary(&b, &bar, now);
    report_how(&b, f);
    ui_say(&face(r)->ui, "%s", buf_cstr(&b));
}

static void on_stop(struct report *r, const struct flight *f)
{
    (void)f;
    clear(r);
}

static void on_failed(struct report *r, const char *verb, struct span there, const struct failure *why)
{
    (void)verb;
    (void)there;
    clear(r);
    ui_fail(&face(r)->ui, "%s", why->text);
}

static void on_note(struct report *r, const char *verb, struct span there, const char *text)
{
    struct shown safe;

    clear(r);
    ui_note(&face(r)->ui, "%s %s: %s", _(verb), shown(&safe, there), text);
}

static const struct report_ops ops = { .begin = on_begin, .moved = on_moved, .end = on_end, .stop = on_stop, .failed = on_failed,
                                       .note = on_note };

void report_for_menu(struct report *r, struct client *cl)
{
    r->face = cl;
    r->ops = &ops;
    r->quiet = cl->ui.quiet;
}
