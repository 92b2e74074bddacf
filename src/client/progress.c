/* progress: percent, speed and time left, from what has moved since the start. Called by transfers between two
 * blocks; owns nothing but the line it drew. Widths are columns, not bytes: a Chinese character takes two. Cannot
 * fail. */
#include "client/progress.h"

#include <string.h>

#include "base/say.h"
#include "sys/term.h"
#include "wire/text.h"

enum { DRAW_EVERY = 100000000, NAME_LEAST = 8 }; /* ns, columns */

/* Bytes a second; -1 while it is too early to tell. */
static int64_t speed(const struct progress *p, int64_t now)
{
    double seconds = (double)(now - p->started) / 1e9;

    return seconds < 0.001 ? -1 : (int64_t)((double)(p->done - p->from) / seconds);
}

static void print_name(struct buf *b, struct span name, unsigned columns)
{
    struct shown safe;
    struct span s = span_of(shown(&safe, name));
    unsigned used;

    s.len = ui_fit(s, columns, &used);
    buf_put(b, s);
    while (used++ < columns)
        buf_putc(b, ' ');
}

static int percent(const struct progress *p)
{
    int64_t done = p->done > p->total ? p->total : p->done;

    return p->total == 0 ? 100 : (int)((double)done * 100 / (double)p->total);
}

static void print_numbers(struct buf *b, const struct progress *p, int64_t now)
{
    int64_t rate = speed(p, now);
    char text[32];
    struct buf left = BUF(text);

    ui_size(b, p->done);
    if (rate < 0)
        return;
    buf_text(b, "  ");
    ui_size(b, rate);
    buf_text(b, "/s");
    if (p->total < 0 || rate == 0)
        return;
    buf_text(b, "  ");
    ui_seconds(&left, p->total > p->done ? (p->total - p->done + rate - 1) / rate : 0);
    buf_printf(b, _("%s left"), buf_cstr(&left));
}

static void print_bar(struct buf *b, int done, unsigned columns)
{
    unsigned full = columns * (unsigned)done / 100;

    buf_text(b, " [");
    for (unsigned i = 0; i < columns; i++)
        buf_putc(b, i < full ? '=' : i == full ? '>' : ' ');
    buf_text(b, "] ");
}

void progress_print(struct buf *b, const struct progress *p, int64_t now, unsigned width)
{
    char text[96];
    struct buf numbers = BUF(text);
    unsigned left, wide;
    size_t fits;

    print_numbers(&numbers, p, now);
    fits = ui_fit(buf_span(&numbers), width, &wide);
    if (wide + NAME_LEAST + 6 > width || fits < numbers.len) {
        buf_put(b, (struct span){ text, fits });
        return;
    }
    left = width - wide - 6;
    print_name(b, p->name, left / 2 < NAME_LEAST ? NAME_LEAST : left / 2 > 30 ? 30 : left / 2);
    left -= left / 2 < NAME_LEAST ? NAME_LEAST : left / 2 > 30 ? 30 : left / 2;
    if (p->total >= 0)
        buf_printf(b, " %3d%%", percent(p));
    if (p->total >= 0 && left > 8)
        print_bar(b, percent(p), (left > 40 ? 40 : left) - 4);
    else
        buf_putc(b, ' ');
    buf_put(b, buf_span(&numbers));
}

void progress_move(struct progress *p, int64_t done, int64_t now)
{
    char line[1024];
    struct buf b = BUF(line);

    p->done = done;
    if (!p->ui->live || p->ui->quiet || now - p->drawn < DRAW_EVERY)
        return;
    p->drawn = now;
    p->visible = true;
    progress_print(&b, p, now, term_width(2) - 1);
    fflush(stdout);
    fprintf(stderr, "\r%s\033[K", buf_cstr(&b));
    fflush(stderr);
}

void progress_clear(struct progress *p)
{
    if (p->visible)
        fputs("\r\033[K", stderr);
    p->visible = false;
}

void progress_summary(struct buf *b, const struct progress *p, int64_t now)
{
    struct shown name;
    int64_t rate = speed(p, now);

    buf_text(b, shown(&name, p->name));
    buf_text(b, ": ");
    ui_size(b, p->done);
    if (now - p->started < 1000000000)
        buf_printf(b, _(" in %d ms"), (int)((now - p->started) / 1000000));
    else
        buf_printf(b, _(" in %.1f s"), (double)(now - p->started) / 1e9);
    if (rate < 0)
        return;
    buf_text(b, " (");
    ui_size(b, rate);
    buf_text(b, "/s)");
}
