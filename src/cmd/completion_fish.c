/* completion_fish: the script for fish. Called by completion.c; owns nothing. A line for each option of each command. */
#include <stdio.h>
#include <string.h>

#include "base/say.h"
#include "cmd/completion.h"

/* Inside '...'. */
static const char *quoted(const char *text, char *room, size_t cap)
{
    struct buf b = { .at = room, .cap = cap };

    completion_escape(&b, text, "'\\", "\\");
    return buf_cstr(&b);
}

static void begin(void)
{
    puts("# fish completion for dray, made by `dray completion fish`\n"
         "\n"
         "function __dray_is\n"
         "    set -l words (commandline -opc)\n"
         "    test (count $words) -gt 1; and contains -- $words[2] $argv\n"
         "end\n"
         "\n"
         "function __dray_first\n"
         "    test (count (commandline -opc)) -eq $argv[1]\n"
         "end\n"
         "\n"
         "function __dray_bookmarks\n"
         "    dray bookmark list 2>/dev/null | string replace -r '^(\\S+)\\s+(.*)' \"$argv[1]\\$1\\t\\$2\"\n"
         "end\n"
         "\n"
         "complete -c dray -f\n"
         "complete -c dray -n '__dray_first 1' -l help -d 'show all commands'\n"
         "complete -c dray -n '__dray_first 1' -l version -d 'show the version'");
}

static void command(const struct command *c)
{
    char room[400];

    printf("\ncomplete -c dray -n '__dray_first 1' -a %s -d '%s'\n", c->name, quoted(_(c->help), room, sizeof room));
}

static void option(void *ctx, const struct args_row *row)
{
    const struct command *c = ctx;
    char about[400], text[300];
    struct buf words = BUF(text);
    enum completion_kind kind = completion_of(row, ' ', &words);

    printf("complete -c dray -n '__dray_is %s'", c->name);
    if (row->letter)
        printf(" -s %c", row->letter);
    printf(" -l %s", row->name);
    if (kind == COMPLETE_FILES)
        fputs(" -r -F", stdout);
    else if (row->arg)
        fputs(" -x", stdout);
    if (kind == COMPLETE_WORDS)
        printf(" -a '%s'", buf_cstr(&words));
    if (kind == COMPLETE_FOLDERS)
        fputs(" -a '(__fish_complete_directories)'", stdout);
    printf(" -d '%s'\n", quoted(_(row->about), about, sizeof about));
}

static void close_command(const struct command *c)
{
    const char *words = c->words ? c->words : "";
    char text[200];
    struct buf b = BUF(text);

    if (strstr(words, "FILE"))
        printf("complete -c dray -n '__dray_is %s' -F\n", c->name);
    if (strstr(words, "FOLDER"))
        printf("complete -c dray -n '__dray_is %s' -a '(__fish_complete_directories)'\n", c->name);
    if (strstr(words, "URL") || strstr(words, "BOOKMARK"))
        printf("complete -c dray -n '__dray_is %s' -a '(__dray_bookmarks @)'\n", c->name);
    if (strstr(words, "BOOKMARK"))
        printf("complete -c dray -n '__dray_is %s; and __dray_first 2' -a '(__dray_bookmarks \"\")'\n", c->name);
    if (*words >= 'a') {
        completion_of(&(struct args_row){ .name = "", .arg = words }, ' ', &b);
        printf("complete -c dray -n '__dray_is %s; and __dray_first 2' -a '%s'\n", c->name, b.len ? buf_cstr(&b) : words);
    }
}

static void end(void)
{
}

const struct completion_face completion_fish = { "fish", begin, command, option, close_command, end };
