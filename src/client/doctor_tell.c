/* doctor_tell: the findings for people (a line for each check, and what to do below it) and for programs (one JSON object a line).
 * Called by the doctor; owns nothing. Whatever a server said is made harmless here. */
#include <stdio.h>

#include "base/say.h"
#include "client/doctor_impl.h"
#include "client/ui.h"
#include "wire/json.h"

static const struct {
    const char *word, *mark;
} verdicts[VERDICTS] = {
    [VERDICT_OK] = { "ok", N_("ok") },
    [VERDICT_SKIPPED] = { "skipped", N_("-") },
    [VERDICT_WARN] = { "warn", N_("warn") },
    [VERDICT_BAD] = { "bad", N_("BAD") },
};

static void for_programs(struct exam *x, const char *name)
{
    struct buf b = BUF(x->line);

    json_begin(&b);
    json_text(&b, "event", SPAN("check"));
    json_text(&b, "check", span_of(name));
    json_text(&b, "verdict", span_of(verdicts[x->now.verdict].word));
    json_text(&b, "found", span_of(x->now.what));
    if (x->now.fix)
        json_text(&b, "fix", span_of(x->now.fix));
    json_end(&b);
    if (!b.over)
        fwrite(b.at, 1, b.len, stdout);
}

static void for_people(struct exam *x, const char *name)
{
    struct shown what;

    if (x->d->quiet && x->now.verdict < VERDICT_WARN)
        return;
    printf("%-5s %-14s %s\n", _(verdicts[x->now.verdict].mark), name, shown(&what, span_of(x->now.what)));
    if (x->now.fix)
        printf("%20s -> %s\n", "", x->now.fix);
}

void tell_check(struct exam *x, const char *name)
{
    (x->d->json ? for_programs : for_people)(x, name);
    fflush(stdout);
}

void tell_talk(void *exam, bool sent, struct span line)
{
    struct exam *x = exam;
    struct buf b = BUF(x->line);
    struct shown safe;

    if (!x->d->json) {
        fprintf(stderr, "%s %s\n", sent ? ">" : "<", shown(&safe, line));
        return;
    }
    json_begin(&b);
    json_text(&b, "event", SPAN("dialogue"));
    json_text(&b, sent ? "sent" : "heard", line);
    json_end(&b);
    if (b.over)
        return;
    fwrite(b.at, 1, b.len, stdout);
    fflush(stdout);
}

void tell_end(const struct exam *x)
{
    char line[256];
    struct buf b = BUF(line);

    if (!x->d->json) {
        printf(_("%u ok, %u to be looked at, %u bad, %u not checked\n"), x->count[VERDICT_OK], x->count[VERDICT_WARN],
               x->count[VERDICT_BAD], x->count[VERDICT_SKIPPED]);
        return;
    }
    json_begin(&b);
    json_text(&b, "event", SPAN("end"));
    json_text(&b, "outcome", span_of(outcome_word(x->out)));
    for (unsigned i = 0; i < VERDICTS; i++)
        json_number(&b, verdicts[i].word, x->count[i]);
    json_end(&b);
    fwrite(b.at, 1, b.len, stdout);
}
