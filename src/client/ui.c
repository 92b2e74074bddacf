/* ui: the screen of the client. Results go to standard output, failures to the error stream, each after what the
 * other has printed before, so that a pipe shows them in order. Called by everything in client/; owns nothing. Cannot
 * fail: nobody could be told. Colours only on a terminal and never with NO_COLOR (no-color.org). */
#include "client/ui.h"

#include <stdarg.h>
#include <stdlib.h>
#include <wchar.h>

#include "base/buf.h"
#include "sys/term.h"
#include "wire/text.h"

struct ui ui_of_process(bool quiet)
{
    const char *no = getenv("NO_COLOR");

    return (struct ui){
        .terminal = term_is(0),
        .live = term_is(2),
        .colour = term_is(1) && !(no && *no),
        .quiet = quiet,
    };
}

const char *shown(struct shown *room, struct span text)
{
    struct buf b = BUF(room->at);

    /* what is replaced only gets shorter */
    if (text.len > sizeof room->at - 1)
        text.len = sizeof room->at - 1;
    text_terminal(&b, text);
    return buf_cstr(&b);
}

__attribute__((format(printf, 3, 0))) static void print(FILE *to, const char *before, const char *fmt, va_list args,
                                                        const char *after)
{
    fflush(to == stdout ? stderr : stdout);
    fputs(before, to);
    vfprintf(to, fmt, args);
    fputs(after, to);
    fflush(to);
}

void ui_say(const struct ui *ui, const char *fmt, ...)
{
    va_list args;

    (void)ui;
    va_start(args, fmt);
    print(stdout, "", fmt, args, "\n");
    va_end(args);
}

void ui_note(const struct ui *ui, const char *fmt, ...)
{
    va_list args;

    if (ui->quiet)
        return;
    va_start(args, fmt);
    print(stdout, ui->colour ? "\033[2m" : "", fmt, args, ui->colour ? "\033[0m\n" : "\n");
    va_end(args);
}

void ui_fail(const struct ui *ui, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    print(stderr, ui->colour && ui->live ? "\033[31mdray:\033[0m " : "dray: ", fmt, args, "\n");
    va_end(args);
}

size_t ui_fit(struct span s, unsigned columns, unsigned *used)
{
    mbstate_t state = { 0 };
    size_t at = 0;

    *used = 0;
    while (at < s.len) {
        wchar_t c;
        size_t n = mbrtowc(&c, s.at + at, s.len - at, &state);
        int w = n == 0 || n > s.len ? -1 : wcwidth(c);

        if (w < 0 || *used + (unsigned)w > columns)
            break;
        *used += (unsigned)w;
        at += n;
    }
    return at;
}

int ui_pad(const char *text, unsigned columns)
{
    unsigned used;

    ui_fit(span_of(text), columns, &used);
    return (int)(columns - used);
}

void ui_size(struct buf *b, int64_t bytes)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    double n = (double)bytes / 1024;
    unsigned u = 0;

    if (bytes < 1024) {
        if (bytes < 0)
            buf_text(b, "?");
        else
            buf_printf(b, "%d B", (int)bytes);
        return;
    }
    for (; n >= 999.5 && u + 1 < sizeof units / sizeof *units; u++)
        n /= 1024;
    buf_printf(b, n < 9.95 ? "%.1f %s" : "%.0f %s", n, units[u]);
}

void ui_seconds(struct buf *b, int64_t seconds)
{
    int64_t hours = seconds / 3600;

    if (hours)
        buf_printf(b, "%lld:%02d:%02d", (long long)hours, (int)(seconds / 60 % 60), (int)(seconds % 60));
    else
        buf_printf(b, "%d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}
