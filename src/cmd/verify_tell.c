/* verify_tell: what `dray verify` prints: a line for each file that is bad or cannot be read, and the counts; for people or as
 * JSON, an object a line. Progress goes to the error stream, and only when that is a terminal. Called by verify.c; owns
 * nothing. Names are made harmless. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/say.h"
#include "client/ui.h"
#include "cmd/verify.h"
#include "sys/clock.h"
#include "sys/term.h"
#include "wire/text.h"

enum { EVERY = 200000000 }; /* ns between two updates of the progress */

static const char *const names[VERDICTS] = {
    [VERIFY_GOOD] = "good",       [VERIFY_BAD] = "bad", [VERIFY_CHANGED] = "changed",
    [VERIFY_WITHOUT] = "without", [VERIFY_UNREADABLE] = "unreadable",
};

void verify_out_begin(struct verify_out *o, bool json)
{
    o->json = json;
    o->live = !json && term_is(2);
    o->began = clock_mono();
    o->next = 0;
}

static void wipe(const struct verify_out *o)
{
    if (o->live && o->next)
        fputs("\r\033[K", stderr);
}

static void put(const struct verify_out *o, const struct buf *b)
{
    wipe(o);
    fwrite(b->at, 1, b->len, stdout);
    putchar('\n');
}

static void json_text(struct buf *b, const char *key, const char *text)
{
    buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", key);
    text_json(b, span_of(text));
}

static void json_sum(struct buf *b, const char *key, const struct sums *sums, enum sum_id id)
{
    buf_printf(b, ",\"%s\":\"", key);
    sum_print(b, sums, id);
    buf_text(b, "\"");
}

static void json_bad(struct buf *b, const char *path, const struct checked *c)
{
    buf_text(b, "{");
    json_text(b, names[VERIFY_BAD], path);
    json_text(b, "kind", sum_kinds[c->differs].name);
    json_sum(b, "noted", &c->before, c->differs);
    json_sum(b, "now", &c->now, c->differs);
    buf_text(b, "}");
}

static void text_bad(struct buf *b, const char *path, const struct checked *c)
{
    buf_text(b, _("BAD "));
    text_terminal(b, span_of(path));
    buf_printf(b, ": %s ", sum_kinds[c->differs].name);
    sum_print(b, &c->now, c->differs);
    buf_text(b, _(", was "));
    sum_print(b, &c->before, c->differs);
}

static void json_unreadable(struct buf *b, const char *path, int error)
{
    buf_text(b, "{");
    json_text(b, names[VERIFY_UNREADABLE], path);
    json_text(b, "why", err_text(error));
    buf_text(b, "}");
}

static void text_unreadable(struct buf *b, const char *path, int error)
{
    buf_text(b, _("cannot read "));
    text_terminal(b, span_of(path));
    buf_printf(b, ": %s", _(err_text(error)));
}

void verify_tell_unreadable(struct verify_out *o, const char *path, int error)
{
    struct buf b = BUF(o->line);

    (o->json ? json_unreadable : text_unreadable)(&b, path, error);
    put(o, &b);
}

void verify_tell(struct verify_out *o, const char *path, const struct checked *c)
{
    struct buf b = BUF(o->line);

    if (c->verdict == VERIFY_UNREADABLE)
        verify_tell_unreadable(o, path, c->error);
    if (c->verdict != VERIFY_BAD)
        return;
    (o->json ? json_bad : text_bad)(&b, path, c);
    put(o, &b);
}

/* ---- the counts ---- */

static void json_total(const struct verify_total *t)
{
    for (int i = 0; i < VERDICTS; i++)
        printf("%s\"%s\":%llu", i ? "," : "{", names[i], (unsigned long long)t->of[i]);
    printf(",\"noted\":%llu,\"not_noted\":%llu,\"bytes\":%lld}\n", (unsigned long long)t->noted, (unsigned long long)t->not_noted,
           (long long)t->bytes);
}

static void count(const char *what, uint64_t n)
{
    if (n)
        printf("%10llu  %s\n", (unsigned long long)n, what);
}

void verify_tell_total(struct verify_out *o, const struct verify_total *t)
{
    wipe(o);
    if (o->json) {
        json_total(t);
        return;
    }
    printf(_("%10llu  good\n"), (unsigned long long)t->of[VERIFY_GOOD]);
    printf(_("%10llu  bad\n"), (unsigned long long)t->of[VERIFY_BAD]);
    count(_("changed since, and not through dray"), t->of[VERIFY_CHANGED]);
    count(_("without a checksum"), t->of[VERIFY_WITHOUT]);
    count(_("that could not be read"), t->of[VERIFY_UNREADABLE]);
    count(_("of these have one now"), t->noted);
    count(_("of these cannot keep one: the file system or its permissions forbid it"), t->not_noted);
}

/* ---- progress ---- */

static void progress_line(struct verify_out *o, const struct verify_total *t, struct buf *b)
{
    double seconds = (double)(clock_mono() - o->began) / 1e9;
    uint64_t files = 0;

    for (int i = 0; i < VERDICTS; i++)
        files += t->of[i];
    buf_printf(b, _("%llu files, "), (unsigned long long)files);
    ui_size(b, t->bytes);
    buf_text(b, ", ");
    ui_size(b, seconds > 0 ? (int64_t)((double)t->bytes / seconds) : 0);
    buf_text(b, _("/s"));
    buf_text(b, "  ");
}

void verify_progress(struct verify_out *o, const struct verify_total *t, const char *path)
{
    struct buf b = BUF(o->line);
    int64_t now = clock_mono();

    if (!o->live || now < o->next)
        return;
    o->next = now + EVERY;
    progress_line(o, t, &b);
    text_terminal(&b, span_of(path));
    fprintf(stderr, "\r\033[K%.*s", (int)(term_width(2) - 1), buf_cstr(&b));
}
