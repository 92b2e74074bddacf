/* completion_zsh: the script for zsh. Called by completion.c; owns nothing. A call of _arguments for each command, with what each
 * option is for. */
#include <stdio.h>
#include <string.h>

#include "base/say.h"
#include "cmd/completion.h"

/* Inside '...', and inside [...] of _arguments or before the colon of _describe. */
static const char *quoted(const char *text, char *room, size_t cap)
{
    struct buf once = { .at = room, .cap = cap };

    for (; *text; text++) {
        if (*text == '\'') {
            buf_text(&once, "'\\'");
        } else if (strchr("[]:\\", *text)) {
            buf_putc(&once, '\\');
        }
        buf_putc(&once, *text);
    }
    return buf_cstr(&once);
}

static void begin(void)
{
    char room[400];

    puts("#compdef dray\n"
         "# zsh completion for dray, made by `dray completion zsh`\n"
         "\n"
         "_dray_bookmarks() {\n"
         "    local -a names\n"
         "    names=(${${(f)\"$(dray bookmark list 2>/dev/null)\"}%% *})\n"
         "    compadd -P @ -S '' -a names\n"
         "}\n"
         "\n"
         "_dray_names() {\n"
         "    local -a names\n"
         "    names=(${${(f)\"$(dray bookmark list 2>/dev/null)\"}%% *})\n"
         "    compadd -a names\n"
         "    _dray_bookmarks\n"
         "}\n"
         "\n"
         "_dray_files() {\n"
         "    _files \"$@\"\n"
         "    _dray_bookmarks\n"
         "}\n"
         "\n"
         "_dray() {\n"
         "    local -a commands\n"
         "    commands=(");
    for (const struct command *c = commands; c->name; c++)
        printf("        '%s:%s'\n", c->name, quoted(_(c->help), room, sizeof room));
    puts("    )\n"
         "    if ((CURRENT == 2)); then\n"
         "        _describe command commands\n"
         "        return\n"
         "    fi\n"
         "    shift words\n"
         "    ((CURRENT--))\n"
         "    case $words[1] in");
}

static void command(const struct command *c)
{
    printf("    %s)\n        _arguments -s", c->name);
}

static void print_value(const struct args_row *row)
{
    char text[300], room[100];
    struct buf words = BUF(text);
    enum completion_kind kind = completion_of(row, ' ', &words);

    if (!row->arg)
        return;
    printf(":%s:", kind == COMPLETE_WORDS ? row->name : quoted(row->arg, room, sizeof room));
    if (kind == COMPLETE_WORDS)
        printf("(%s)", buf_cstr(&words));
    else if (kind != COMPLETE_NOTHING)
        fputs(kind == COMPLETE_FILES ? "_files" : "_files -/", stdout);
}

/* The braces of the shell make one specification for each spelling. */
static void option(void *ctx, const struct args_row *row)
{
    char about[400];

    (void)ctx;
    printf(" \\\n            ");
    if (row->letter)
        printf("{-%c,--%s}'", row->letter, row->name);
    else
        printf("'--%s", row->name);
    printf("[%s]", quoted(_(row->about), about, sizeof about));
    print_value(row);
    putchar('\'');
}

static void close_command(const struct command *c)
{
    static const struct {
        const char *words, *spec;
    } specs[] = {
        { "FOLDER", "*:folder:_files -/" },
        { "BOOKMARK", "1:address:_dray_names" },
        { "URL", "*:address:_dray_bookmarks" },
        { "FILE URL", "*:file or address:_dray_files" },
        { "FOLDER URL", "*:folder or address:_dray_files -/" },
    };
    char text[200];
    struct buf b = BUF(text);

    for (unsigned i = 0; i < sizeof specs / sizeof *specs && c->words; i++)
        if (strcmp(c->words, specs[i].words) == 0)
            printf(" \\\n            '%s'", specs[i].spec);
    if (c->words && *c->words >= 'a') {
        completion_of(&(struct args_row){ .name = "", .arg = c->words }, ' ', &b);
        printf(" \\\n            '1:%s:(%s)'", c->name, b.len ? buf_cstr(&b) : c->words);
    }
    puts("\n        ;;");
}

static void end(void)
{
    puts("    esac\n}\n\nif [[ $funcstack[1] == _dray ]]; then\n    _dray \"$@\"\nelse\n    compdef _dray dray\nfi");
}

const struct completion_face completion_zsh = { "zsh", begin, command, option, close_command, end };
