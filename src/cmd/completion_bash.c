/* completion_bash: the script for bash. Called by completion.c; owns nothing. A function with a case for each command: what an option
 * wants, which options there are, and what else may stand there. bash splits words at @, : and =, so that the bookmark's @ and
 * --option=value come in pieces. */
#include <stdio.h>
#include <string.h>

#include "cmd/completion.h"

static void begin(void)
{
    puts("# bash completion for dray, made by `dray completion bash`\n"
         "\n"
         "_dray_bookmarks() # what is typed, and whether the name alone will do; @NAME is two words for bash when something follows the @\n"
         "{\n"
         "    local name rest at=@\n"
         "    [[ $2 || $1 == @ || ${COMP_WORDS[COMP_CWORD-1]} == @ ]] && at=\n"
         "    while read -r name rest; do\n"
         "        [[ $at$name == \"${1#@}\"* || $name == \"${1#@}\"* ]] && COMPREPLY+=(\"$at$name\")\n"
         "    done < <(\"${COMP_WORDS[0]:-dray}\" bookmark list 2>/dev/null)\n"
         "    compopt -o nospace 2>/dev/null\n"
         "}\n"
         "\n"
         "_dray()\n"
         "{\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} option\n"
         "    COMPREPLY=()\n"
         "    [[ $word == = ]] && word=\n"
         "    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
         "    compopt -o filenames 2>/dev/null");
    printf("    if ((COMP_CWORD == 1)); then\n        COMPREPLY=($(compgen -W '");
    for (const struct command *c = commands; c->name; c++)
        printf("%s ", c->name);
    puts("--help --version' -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in");
}

static void command(const struct command *c)
{
    printf("    %s)\n        case $before in\n", c->name);
}

static void print_switch(void *ctx, const struct args_row *row)
{
    (void)ctx;
    printf("--%s ", row->name);
    if (row->letter)
        printf("-%c ", row->letter);
}

/* An option that wants something; switches only stand in the list of options. */
static void option(void *ctx, const struct args_row *row)
{
    char text[300];
    struct buf words = BUF(text);
    enum completion_kind kind = completion_of(row, ' ', &words);

    (void)ctx;
    if (!row->arg)
        return;
    printf("        --%s", row->name);
    if (row->letter)
        printf(" | -%c", row->letter);
    if (kind == COMPLETE_WORDS)
        printf(") COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n", buf_cstr(&words));
    else if (kind == COMPLETE_NOTHING)
        puts(") return ;;");
    else
        printf(") COMPREPLY=($(compgen -%c -- \"$word\")); return ;;\n", kind == COMPLETE_FILES ? 'f' : 'd');
}

static void print_words(const char *words)
{
    char text[300];
    struct buf b = BUF(text);

    if (words && strstr(words, "FILE"))
        puts("        COMPREPLY=($(compgen -f -- \"$word\"))");
    if (words && strstr(words, "FOLDER"))
        puts("        COMPREPLY=($(compgen -d -- \"$word\"))");
    if (words && strstr(words, "URL"))
        puts("        _dray_bookmarks \"$word\"");
    if (words && strstr(words, "BOOKMARK"))
        puts("        _dray_bookmarks \"$word\" plain");
    if (words && words[0] >= 'a') {
        completion_of(&(struct args_row){ .name = "", .arg = words }, ' ', &b);
        printf("        ((COMP_CWORD == 2)) && COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n", b.len ? buf_cstr(&b) : words);
    }
}

static void close_command(const struct command *c)
{
    printf("        esac\n        option='");
    c->options(c->name, print_switch, NULL);
    puts("'\n        if [[ $word == -* ]]; then\n            COMPREPLY=($(compgen -W \"$option\" -- \"$word\"))\n            return\n"
         "        fi");
    print_words(c->words);
    puts("        ;;");
}

static void end(void)
{
    puts("    esac\n}\n\ncomplete -F _dray dray");
}

const struct completion_face completion_bash = { "bash", begin, command, option, close_command, end };
