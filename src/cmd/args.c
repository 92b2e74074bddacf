/* args: see args.h. Called by the commands of the client; owns nothing. Mistakes are told in one line on the
 * error stream. */
#include "cmd/args.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/say.h"
#include "base/span.h"
#include "client/ui.h"

struct all {
    const struct args_row *row[ARGS_ROWS];
    int count;
};

static struct all gather(const struct args_row *const *tables)
{
    struct all all = { .count = 0 };

    for (; *tables; tables++)
        for (const struct args_row *r = *tables; r->name; r++) {
            CHECK(all.count < ARGS_ROWS);
            all.row[all.count++] = r;
        }
    return all;
}

static void fill_getopt(const struct all *all, struct option *longs, char *shorts)
{
    for (int i = 0; i < all->count; i++) {
        const struct args_row *r = all->row[i];

        longs[i] = (struct option){ r->name, r->arg ? required_argument : no_argument, NULL, ARGS_LONG + i };
        if (r->letter) {
            *shorts++ = r->letter;
            if (r->arg)
                *shorts++ = ':';
        }
    }
    longs[all->count] = (struct option){ 0 };
    *shorts = '\0';
}

static const struct args_row *row_of(const struct all *all, int c)
{
    for (int i = 0; i < all->count; i++)
        if (c == ARGS_LONG + i || (all->row[i]->letter && c == all->row[i]->letter))
            return all->row[i];
    return NULL;
}

int args_mistake(char **argv, int c)
{
    char letter[] = { '-', (char)optopt, '\0' };
    struct shown safe;
    const char *word = shown(&safe, span_of(optopt > 0 && optopt < ARGS_LONG ? letter : argv[optind - 1]));

    fprintf(stderr, c == ':' ? _("dray: behind %s a value is missing (dray %s --help)\n") : _("dray: there is no option %s (dray %s --help)\n"),
            word, argv[0]);
    return 2;
}

int args_parse(const struct args_row *const *tables, void *to, int argc, char **argv)
{
    struct all all = gather(tables);
    struct option longs[ARGS_ROWS + 1];
    char shorts[2 * ARGS_ROWS + 2] = ARGS_QUIETLY;
    int c, rc = ARGS_GO;

    fill_getopt(&all, longs, shorts + strlen(shorts));
    while (rc == ARGS_GO && (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct args_row *r = row_of(&all, c);

        rc = r ? r->set(to, optarg) : args_mistake(argv, c);
    }
    return rc;
}

void args_each(const struct args_row *const *tables, args_take *take, void *ctx)
{
    struct all all = gather(tables);

    for (int i = 0; i < all.count; i++)
        take(ctx, all.row[i]);
}

void args_print(const struct args_row *const *tables)
{
    struct all all = gather(tables);

    for (int i = 0; i < all.count; i++) {
        const struct args_row *r = all.row[i];

        printf("  %c%c%c --%s%s%-*s %s\n", r->letter ? '-' : ' ', r->letter ? r->letter : ' ', r->letter ? ',' : ' ', r->name,
               r->arg ? " " : "", 26 - (int)strlen(r->name) - (r->arg != NULL), r->arg ? r->arg : "", _(r->about));
    }
}

int args_number(const char *value, unsigned least, unsigned most, unsigned *out, const char *what)
{
    uint64_t n;

    if (span_u64(span_of(value), most, &n) < 0 || n < least) {
        fprintf(stderr, "dray: %s\n", what);
        return 2;
    }
    *out = (unsigned)n;
    return ARGS_GO;
}

void args_wipe_password(char *arg)
{
    char *start = strstr(arg, "://"), *colon, *end;

    start = start ? start + 3 : arg;
    end = start + strcspn(start, "/");
    while (end > start && *end != '@')
        end--;
    colon = memchr(start, ':', (size_t)(end - start));
    if (colon)
        memset(colon + 1, 'x', (size_t)(end - colon - 1));
}
