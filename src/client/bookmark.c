/* bookmark: see bookmark.h. Called by the commands of the client; owns nothing. The file is $XDG_CONFIG_HOME/dray/bookmarks, for its
 * owner alone, and is replaced whole, so that who is killed or runs out of disk leaves the old one. A password in it would be one
 * in a file that people share: refused. */
#include "client/bookmark.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/edit.h"
#include "sys/state.h"
#include "wire/bookmarks.h"
#include "wire/text.h"

static const char head[] = "# Bookmarks of dray: NAME URL, one a line. `dray bookmark --help` tells more.\n";

int bookmark_load(char **text)
{
    char path[600];
    int rc = state_config("bookmarks", false, path, sizeof path);

    if (rc == 0)
        rc = state_read(path, text);
    if (rc == -ENOENT) {
        *text = strdup("");
        rc = *text ? 0 : -ENOMEM;
    }
    return rc;
}

/* ---- changing ---- */

static int rewrite(int dir, const char *file, struct span old, struct span name, struct span url)
{
    struct buf b = { .cap = old.len + sizeof head + name.len + url.len + 4 };
    CLEANUP(free_text) char *room = malloc(b.cap);
    unsigned had;

    if (!room)
        return -ENOMEM;
    b.at = room;
    if (!old.len)
        buf_text(&b, head);
    had = bookmark_drop(old, name, &b);
    if (!url.len && !had)
        return 0;
    if (url.len) {
        buf_put(&b, name);
        buf_putc(&b, ' ');
        buf_put(&b, url);
        buf_putc(&b, '\n');
    }
    TRY(b.over || b.len > EDIT_MAX ? -EFBIG : edit_write(dir, file, buf_span(&b)));
    return had > 0;
}

int bookmark_set(struct span name, struct span url)
{
    CLEANUP(close_fd) int dir = -1;
    CLEANUP(free_text) char *text = NULL, *real = NULL;
    struct edit_stamp stamp;
    char path[600];
    const char *file;
    ssize_t n;

    TRY(state_config("bookmarks", true, path, sizeof path));
    real = realpath(path, NULL); /* a link stays one */
    dir = edit_folder(real ? real : path, &file);
    TRY(dir);
    TRY(edit_lock(dir));
    n = edit_read(dir, file, &text, &stamp);
    if (n < 0 && n != -ENOENT)
        return (int)n;
    return rewrite(dir, file, (struct span){ text, n > 0 ? (size_t)n : 0 }, name, url);
}

/* ---- using ---- */

bool bookmark_known(struct span name)
{
    CLEANUP(free_text) char *text = NULL;
    struct span url;

    return bookmark_fits(name) && bookmark_load(&text) == 0 && bookmark_find(span_of(text), name, &url) == 0;
}

static int go_on(struct target *t, struct span path)
{
    struct buf b = { .at = t->path, .cap = sizeof t->path - 1, .len = strlen(t->path) };

    if (b.len && path.len && t->path[b.len - 1] != '/')
        buf_putc(&b, '/');
    buf_put(&b, path);
    if (b.over || text_has_control(path))
        return -EINVAL;
    t->path[b.len] = '\0';
    return 0;
}

int bookmark_target(struct span text, struct target *out)
{
    CLEANUP(free_text) char *all = NULL;
    struct span name = span_cut(&text, '/'), url;

    TRY(bookmark_load(&all));
    TRY(bookmark_find(span_of(all), name, &url));
    TRY(target_parse(url, out));
    return out->has_password ? -EACCES : go_on(out, text);
}
