/* completion: see completion.h. Called by main; owns nothing. Options come from the rows that parse them, or, of the small commands,
 * from the lines that --help prints. Cannot fail but by wrong usage. */
#include "cmd/completion.h"

#include <stdio.h>
#include <string.h>

#include "base/say.h"
#include "cmd/cmd.h"
#include "conf/conf.h"
#include "model/model.h"

const char completion_help[] =
    N_("dray completion bash|zsh|fish: prints what makes that shell complete commands, options, files and bookmarks\n\n"
    "An installed dray has it already. Else, once:\n"
    "  bash   dray completion bash >~/.local/share/bash-completion/completions/dray\n"
    "  zsh    dray completion zsh >_dray, into a folder of $fpath\n"
    "  fish   dray completion fish >~/.config/fish/completions/dray.fish\n\n"
    "Exit: 0, 2 for wrong usage.\n");

/* ---- what can stand there ---- */

/* Where the argument's own name does not tell. */
static const struct {
    const char *option, *words;
} known[] = {
    { "tls", "off|offer|require|require-login|require-data" },
    { "tls-data", "accept|require|strict-close" },
    { "qr", "auto|yes|no" },
    { "anonymous", "off|none|drop|read|add|write" },
    { "rights", "none|drop|read|add|write" },
    { "checksum", "none|crc32|md5|sha1|sha256|sha512" },
    { "sandbox", "on|require|debug|off" },
    { "loads", "login|small|down1|down8|up1|up8|list|crowd" },
};

static void put_words(struct buf *b, struct span words, char between)
{
    while (words.len) {
        buf_put(b, span_cut(&words, '|'));
        if (words.len)
            buf_putc(b, between);
    }
}

static void put_models(struct buf *b, char between)
{
    for (const struct model *const *m = models; *m; m++) {
        if (b->len)
            buf_putc(b, between);
        buf_text(b, (*m)->name);
    }
}

enum completion_kind completion_of(const struct args_row *row, char between, struct buf *words)
{
    if (!row->arg)
        return COMPLETE_NOTHING;
    if (strcmp(row->arg, "FILE") == 0)
        return COMPLETE_FILES;
    if (strcmp(row->arg, "FOLDER") == 0 || strcmp(row->arg, "DIR") == 0)
        return COMPLETE_FOLDERS;
    if (strchr(row->arg, '|') && !strchr(row->arg, '['))
        put_words(words, span_of(row->arg), between);
    else if (strcmp(row->name, "model") == 0 || strcmp(row->name, "models") == 0)
        put_models(words, between);
    for (unsigned i = 0; i < sizeof known / sizeof *known && !words->len; i++)
        if (strcmp(row->name, known[i].option) == 0)
            put_words(words, span_of(known[i].words), between);
    return words->len ? COMPLETE_WORDS : COMPLETE_NOTHING;
}

void completion_escape(struct buf *b, const char *text, const char *which, const char *with)
{
    for (; *text; text++) {
        if (strchr(which, *text))
            buf_text(b, with);
        buf_putc(b, *text);
    }
}

/* ---- options of commands that have no rows ---- */

static const struct args_row show_help = { 'h', "help", NULL, N_("show this text"), NULL };

struct conf_taker {
    args_take *take;
    void *ctx;
};

static void take_conf(void *ctx, const char *name, const char *arg, const char *help)
{
    const struct conf_taker *t = ctx;

    t->take(t->ctx, &(struct args_row){ .name = name, .arg = arg, .about = help });
}

void serve_options(const char *name, args_take *take, void *ctx)
{
    (void)name;
    conf_each(take_conf, &(struct conf_taker){ take, ctx });
    take(ctx, &show_help);
}

/* "  --drop ID      remove this one": a name, one word after one blank, and after several what it is for. */
static void take_line(struct span line, args_take *take, void *ctx)
{
    char room[200];
    struct buf b = BUF(room);
    struct args_row row = { .name = room };
    struct span word;

    if (!span_starts(line, SPAN("  --")))
        return;
    line = span_from(line, 4);
    buf_put(&b, span_cut(&line, ' '));
    buf_putc(&b, '\0');
    if (!span_starts(line, SPAN(" "))) {
        row.arg = room + b.len;
        word = span_cut(&line, ' ');
        buf_put(&b, word);
        buf_putc(&b, '\0');
    }
    row.about = room + b.len;
    buf_put(&b, span_trim(line));
    buf_cstr(&b);
    if (!b.over)
        take(ctx, &row);
}

void help_options(const char *name, args_take *take, void *ctx)
{
    static const struct {
        const char *name, *text;
    } texts[] = {
        { "bookmark", bookmark_help }, { "completion", completion_help }, { "partials", partials_help }, { "status", status_help },
        { "unban", unban_help },       { "user", user_help },             { "verify", verify_help },
    };

    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].name, name) == 0)
            for (struct span rest = span_of(_(texts[i].text)); rest.len;)
                take_line(span_cut(&rest, '\n'), take, ctx);
    take(ctx, &show_help);
}

/* ---- the command ---- */

static int print(const struct completion_face *face)
{
    face->begin();
    for (const struct command *c = commands; c->name; c++) {
        face->command(c);
        c->options(c->name, face->option, (void *)(uintptr_t)c);
        face->close(c);
    }
    face->end();
    return fflush(stdout) == 0 ? SERVE_OK : SERVE_FAILED;
}

int cmd_completion(int argc, char **argv)
{
    static const struct completion_face *const faces[] = { &completion_bash, &completion_zsh, &completion_fish, NULL };

    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return fputs(_(completion_help), stdout) < 0;
    for (unsigned i = 0; argc == 2 && faces[i]; i++)
        if (strcmp(argv[1], faces[i]->shell) == 0)
            return print(faces[i]);
    fputs(_("dray: completion wants the name of a shell: bash, zsh or fish (dray completion --help)\n"), stderr);
    return SERVE_USAGE;
}
