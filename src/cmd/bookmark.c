/* bookmark: `dray bookmark`: names for addresses, which stand wherever an address can. Called by main; owns nothing. Mistakes are told
 * in one line on the error stream. Exit codes: client/outcome.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "client/bookmark.h"
#include "client/failure.h"
#include "client/ui.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "wire/bookmarks.h"
#include "wire/json.h"

static int mistake(const char *name, const char *what)
{
    struct shown safe;

    fprintf(stderr, "dray: %s: %s\n", shown(&safe, span_of(name)), what);
    return OUT_USAGE;
}

static int failed(int rc)
{
    struct failure f;

    if (rc == -ENOENT) {
        fputs(_("dray: there is no folder for bookmarks here: neither HOME nor XDG_CONFIG_HOME names one\n"), stderr);
        return OUT_LOCAL;
    }
    failure_here(&f, span_of(_("the bookmarks file")), rc);
    fprintf(stderr, "dray: %s\n", f.text);
    return f.out;
}

/* ---- add, rm ---- */

/* 1: an address, but with a password, which is overwritten. */
APART static int judge(char *url)
{
    struct target t;
    int rc = *url == '@' ? -EINVAL : target_parse(span_of(url), &t);

    if (rc == 0 && t.has_password)
        args_wipe_password(url);
    explicit_bzero(t.password, sizeof t.password);
    return rc < 0 ? rc : t.has_password;
}

static int add(const char *name, char *url)
{
    struct shown safe;
    int rc = judge(url);

    if (!bookmark_fits(span_of(name)))
        return mistake(name, _("a bookmark's name has no blank and none of / : @ [ ] # % \" ' \\, begins with neither - nor ., and is not longer than 64 bytes"));
    if (rc > 0)
        return mistake(name, _("a bookmark holds no password: put it into ~/.netrc, which only you can read"));
    if (rc < 0)
        return mistake(url, _("this is no address"));
    rc = bookmark_set(span_of(name), span_of(url));
    if (rc < 0)
        return failed(rc);
    printf(rc ? _("@%s is %s now\n") : _("@%s is %s\n"), name, shown(&safe, span_of(url)));
    return OUT_DONE;
}

static int drop(const char *name)
{
    int rc = bookmark_set(span_of(name), (struct span){ 0 });

    if (rc == 0) {
        mistake(name, _("there is no bookmark of this name"));
        return OUT_NOT_FOUND;
    }
    return rc < 0 ? failed(rc) : OUT_DONE;
}

/* ---- list ---- */

static void print_json(const struct bookmark *b)
{
    CLEANUP(free_text) char *text = NULL;
    struct buf out = { .cap = 6 * (b->name.len + b->url.len) + 64 };

    out.at = text = malloc(out.cap);
    if (!text)
        return;
    json_begin(&out);
    json_text(&out, "name", b->name);
    json_text(&out, "url", b->url);
    json_end(&out);
    fputs(buf_cstr(&out), stdout);
}

static int list(bool json)
{
    CLEANUP(free_text) char *text = NULL;
    struct bookmark b;
    struct shown name, url;
    struct span rest;
    int rc = bookmark_load(&text);

    if (rc < 0)
        return failed(rc);
    rest = span_of(text);
    while (bookmark_next(&rest, &b)) {
        if (json) {
            print_json(&b);
            continue;
        }
        shown(&name, b.name);
        printf("%s%*s %s\n", name.at, ui_pad(name.at, 16), "", shown(&url, b.url));
    }
    return OUT_DONE;
}

/* ---- the command ---- */

const char bookmark_help[] =
    N_("dray bookmark add NAME URL | list [--json] | rm NAME: names for addresses\n\n"
    "  add NAME URL   from now on NAME is this address; what it was before is forgotten\n"
    "  list           all of them\n"
    "  rm NAME        forget it\n\n"
    "  --json         list: one JSON object a line\n\n"
    "Then @NAME or @NAME/PATH stands where a URL can, and plain NAME in `dray open NAME`. PATH is taken as it is, without\n"
    "percent escapes, and begins at the folder of the URL. A password is not kept here but in ~/.netrc.\n"
    "The file: $XDG_CONFIG_HOME/dray/bookmarks, else ~/.config/dray/bookmarks; # begins a comment.\n\n"
    "Exit: 0, 2 for wrong usage, 5 when there is no such bookmark, 7 when the file cannot be read or written.\n");

static int help(void)
{
    fputs(_(bookmark_help), stdout);
    return OUT_DONE;
}

int cmd_bookmark(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    bool json = argc == 3 && strcmp(argv[2], "--json") == 0;

    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0)
        return help();
    if (strcmp(verb, "add") == 0 && argc == 4)
        return add(argv[2], argv[3]);
    if (strcmp(verb, "rm") == 0 && argc == 3)
        return drop(argv[2]);
    if (strcmp(verb, "list") == 0 && (argc == 2 || json))
        return list(json);
    fputs(_("dray: bookmark wants add NAME URL, list or rm NAME (dray bookmark --help)\n"), stderr);
    return OUT_USAGE;
}
