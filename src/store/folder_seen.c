/* folder_seen: names under which a file was found a moment ago. Called by folder_file.c on the session's own thread; owns a short list
 * for each thread, never shared, in which a newer name takes an older one's place. Nothing here fails.
 *
 * Opening a FIFO or a device is noticed there, so a name is looked at before it is opened; that takes three system calls of ten.
 * What is fetched again and again (a page that many read, a film in ranges) need not be looked at each time: for as long as a
 * name has been a file less than a second ago. What takes the place of a file within that second may notice an open that does
 * not wait and is not read from. A FIFO or a device that has stood there for longer does not. */
#include <string.h>

#include "store/folder_file.h"

enum { NAMES = 8, PATH = 104 }; /* longer ones are looked at each time */

#define HOLDS RT_SECONDS(1)

struct seen {
    const struct storage *storage;
    int64_t when;
    char path[PATH];
};

static _Thread_local struct seen names[NAMES];

void folder_forget_files(void)
{
    memset(names, 0, sizeof names);
}

/* Where this name would be. NULL: it is not kept: below a home the same path is another file's. */
static struct seen *place(const struct store *st, const char *path)
{
    size_t len = strlen(path), sum = len;

    if (st->home || len >= PATH)
        return NULL;
    for (size_t i = len > 8 ? len - 8 : 0; i < len; i++)
        sum = sum * 31 + (unsigned char)path[i];
    return &names[sum % NAMES];
}

bool folder_was_file(const struct store *st, const char *path)
{
    const struct seen *s = place(st, path);

    return s && s->storage == st->storage && rt_now(st->task) - s->when < HOLDS && strcmp(s->path, path) == 0;
}

void folder_is_file(const struct store *st, const char *path, bool file)
{
    struct seen *s = place(st, path);

    if (!s)
        return;
    *s = (struct seen){ .storage = file ? st->storage : NULL, .when = rt_now(st->task) };
    memcpy(s->path, path, strlen(path) + 1);
}
