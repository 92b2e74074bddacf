/* conf: the table of conf.def at work: one parser for each type, the same for flags and the environment. Called once by the
 * front door; owns only the copies of secrets, which live as long as the process. Fails with -EINVAL and a sentence that
 * names the option, what was given and what would do. */
#include "conf/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"

struct row;

enum { MOST_COUNT = 1000000, MOST_SECONDS = 7 * 24 * 3600 };

typedef int parse_fn(const struct row *, void *field, const char *text);

static parse_fn parse_door, parse_port, parse_count, parse_seconds, parse_range, parse_text, parse_list, parse_switch, parse_size;

struct row {
    parse_fn *parse;
    const char *name;
    size_t offset;
    const char *arg, *help;
    const char *form; /* what a good value looks like */
};

#define FORM_DOOR N_("a port number, 0 to 65535, or off")
#define FORM_PORT N_("a port number, 0 to 65535")
#define FORM_COUNT N_("a number, 0 to 1000000")
#define FORM_SECONDS N_("a number of seconds (0: no limit)")
#define FORM_RANGE N_("two ports, as 50000-50100")
#define FORM_TEXT N_("a value")
#define FORM_LIST N_("a value, at most 64 times")
#define FORM_SWITCH N_("yes or no")
#define FORM_SIZE N_("a number of bytes, as 500M or 20G")

static const struct row rows[] = {
#define PARSE_DOOR parse_door
#define PARSE_PORT parse_port
#define PARSE_COUNT parse_count
#define PARSE_SECONDS parse_seconds
#define PARSE_RANGE parse_range
#define PARSE_TEXT parse_text
#define PARSE_LIST parse_list
#define PARSE_SWITCH parse_switch
#define PARSE_SIZE parse_size
#define CONF(type, name, field, def, arg, help) { PARSE_##type, name, offsetof(struct conf, field), arg, help, FORM_##type },
#include "conf/conf.def"
#undef CONF
};

enum { ROWS = sizeof rows / sizeof *rows };

static int parse_port(const struct row *r, void *field, const char *text)
{
    uint64_t v;

    (void)r;
    TRY(span_u64(span_of(text), UINT16_MAX, &v));
    *(uint16_t *)field = (uint16_t)v;
    return 0;
}

static int parse_door(const struct row *r, void *field, const char *text)
{
    struct conf_door door = { .off = strcmp(text, "off") == 0, .said = true };

    TRY(door.off ? 0 : parse_port(r, &door.port, text));
    *(struct conf_door *)field = door;
    return 0;
}

static int parse_number(void *field, const char *text, uint64_t most)
{
    uint64_t v;

    TRY(span_u64(span_of(text), most, &v));
    *(unsigned *)field = (unsigned)v;
    return 0;
}

static int parse_count(const struct row *r, void *field, const char *text)
{
    (void)r;
    return parse_number(field, text, MOST_COUNT);
}

static int parse_seconds(const struct row *r, void *field, const char *text)
{
    (void)r;
    return parse_number(field, text, MOST_SECONDS);
}

static int parse_range(const struct row *r, void *field, const char *text)
{
    struct span rest = span_of(text), low = span_cut(&rest, '-');
    uint64_t min, max;

    (void)r;
    TRY(span_u64(low, UINT16_MAX, &min));
    TRY(span_u64(rest, UINT16_MAX, &max));
    if (min < 1 || min > max)
        return -EINVAL;
    *(struct conf_range *)field = (struct conf_range){ (uint16_t)min, (uint16_t)max };
    return 0;
}

static int parse_text(const struct row *r, void *field, const char *text)
{
    (void)r;
    *(const char **)field = text;
    return *text ? 0 : -EINVAL;
}

static int parse_list(const struct row *r, void *field, const char *text)
{
    struct conf_list *list = field;

    (void)r;
    if (!*text || list->n == CONF_LIST_MAX)
        return -EINVAL;
    list->item[list->n++] = text;
    return 0;
}

static int parse_switch(const struct row *r, void *field, const char *text)
{
    static const struct {
        const char *word;
        bool on;
    } words[] = { { "yes", true }, { "1", true }, { "true", true }, { "no", false }, { "0", false }, { "false", false } };

    (void)r;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].word) == 0) {
            *(bool *)field = words[i].on;
            return 0;
        }
    }
    return -EINVAL;
}

static int parse_size(const struct row *r, void *field, const char *text)
{
    (void)r;
    return span_bytes(span_of(text), field);
}

static int set(struct conf *c, const struct row *r, const char *text, const char *where, const char *name, struct buf *err)
{
    if (r->parse(r, (char *)c + r->offset, text) == 0)
        return 0;
    buf_printf(err, _("%s%s: \"%s\" is not %s"), where, name, r->parse == parse_list ? "..." : text, _(r->form));
    return -EINVAL;
}

/* ---- the environment ---- */

static void env_name(const struct row *r, char *out, size_t cap)
{
    struct buf b = { .at = out, .cap = cap };

    buf_text(&b, "DRAY_");
    for (const char *c = r->name; *c; c++)
        buf_putc(&b, *c == '-' ? '_' : (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
    buf_cstr(&b);
}

static int set_defaults(struct conf *c)
{
    *c = (struct conf){ 0 };
#define DEFAULT_DOOR(field, def) c->field.port = def;
#define DEFAULT_PORT(field, def) c->field = def;
#define DEFAULT_COUNT(field, def) c->field = def;
#define DEFAULT_SECONDS(field, def) c->field = def;
#define DEFAULT_RANGE(field, def)
#define DEFAULT_TEXT(field, def)
#define DEFAULT_LIST(field, def)
#define DEFAULT_SWITCH(field, def)
#define DEFAULT_SIZE(field, def) c->field = CONF_##def;
#define CONF(type, name, field, def, arg, help) DEFAULT_##type(field, def)
#include "conf/conf.def"
#undef CONF
    return 0;
}

int conf_init(struct conf *c, struct buf *err)
{
    TRY(set_defaults(c));
    for (const struct row *r = rows; r < rows + ROWS; r++) {
        char name[64];
        const char *text;

        env_name(r, name, sizeof name);
        text = getenv(name);
        if (text && r->offset == offsetof(struct conf, account))
            text = strdup(text); /* as from a flag: conf_free frees it */
        if (text)
            TRY(set(c, r, text, "", name, err));
    }
    return 0;
}

/* ---- flags ---- */

static const struct row *find(struct span name)
{
    for (const struct row *r = rows; r < rows + ROWS; r++)
        if (span_eq(name, span_of(r->name)))
            return r;
    return NULL;
}

/* The process list shows argv: the secret moves elsewhere and leaves crosses behind. */
static const char *hide_secret(char *text)
{
    const char *copy = strdup(text);
    char *colon = strchr(text, ':');

    if (copy && colon)
        memset(colon + 1, 'x', strlen(colon + 1));
    return copy;
}

struct flag {
    const struct row *row;
    char *value; /* NULL: none was given */
};

static int unknown(const char *arg, struct buf *err)
{
    buf_printf(err, _("%s is no option of dray serve; `dray serve --help` lists them"), arg);
    return -EINVAL;
}

/* "--name=value", "--name value" (then *i moves on) or a switch's bare "--name" */
static int read_flag(int argc, char **argv, int *i, struct flag *out, struct buf *err)
{
    char *arg = argv[*i], *equals = strchr(arg, '=');
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);

    out->row = find((struct span){ arg + 2, len - 2 });
    out->value = equals ? equals + 1 : NULL;
    if (!out->row)
        return unknown(arg, err);
    if (out->value || out->row->parse == parse_switch)
        return 0;
    if (*i + 1 == argc) {
        buf_printf(err, _("--%s wants %s"), out->row->name, _(out->row->form));
        return -EINVAL;
    }
    out->value = argv[++*i];
    return 0;
}

static int take_flag(struct conf *c, int argc, char **argv, int *i, struct buf *err)
{
    struct flag f;
    const char *text;

    TRY(read_flag(argc, argv, i, &f, err));
    text = f.value ? f.value : "yes";
    if (f.value && f.row->offset == offsetof(struct conf, account))
        text = hide_secret(f.value);
    return text ? set(c, f.row, text, "--", f.row->name, err) : -ENOMEM;
}

static int take_dir(struct conf *c, const char *arg, struct buf *err)
{
    if (c->dir) {
        buf_printf(err, _("one folder can be served at a time, but two were named: %s and %s"), c->dir, arg);
        return -EINVAL;
    }
    c->dir = arg;
    return 0;
}

int conf_args(struct conf *c, int argc, char **argv, struct buf *err)
{
    bool words = false; /* behind "--" */

    for (int i = 1; i < argc; i++) {
        if (words || argv[i][0] != '-') {
            TRY(take_dir(c, argv[i], err));
        } else if (strcmp(argv[i], "--") == 0) {
            words = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return 1;
        } else if (argv[i][1] != '-') {
            return unknown(argv[i], err);
        } else {
            TRY(take_flag(c, argc, argv, &i, err));
        }
    }
    return 0;
}

void conf_free(struct conf *c)
{
    for (unsigned i = 0; i < c->account.n; i++) {
        char *secret = (char *)(uintptr_t)c->account.item[i];

        explicit_bzero(secret, strlen(secret));
        free(secret);
    }
    c->account.n = 0;
}

void conf_each(void (*take)(void *ctx, const char *name, const char *arg, const char *help), void *ctx)
{
    for (const struct row *r = rows; r < rows + ROWS; r++)
        take(ctx, r->name, r->arg, r->help);
}

void conf_print_help(struct buf *b)
{
    for (const struct row *r = rows; r < rows + ROWS; r++) {
        char flag[64];
        struct buf f = BUF(flag);

        buf_printf(&f, "--%s%s%s", r->name, r->arg ? " " : "", r->arg ? r->arg : "");
        buf_printf(b, "  %-26s %s\n", buf_cstr(&f), _(r->help));
    }
}
