/* left: see left.h. Called by the client's get, once for a folder: to look through it for each file would take, for n files, n times n
 * steps. Owns the list. Fails with -errno. */
#include "sys/left.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/save.h"

static int add(struct left *l, struct span leaf)
{
    if (l->count == l->room) {
        unsigned room = l->room ? l->room * 2 : 16;
        char **more = realloc(l->leafs, room * sizeof *more);

        if (!more)
            return -ENOMEM;
        l->leafs = more;
        l->room = room;
    }
    l->leafs[l->count] = span_dup(leaf);
    if (!l->leafs[l->count])
        return -ENOMEM;
    l->count++;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_all(struct left *l, DIR *dir)
{
    for (;;) {
        const struct dirent *d;
        int leaf;

        errno = 0;
        d = readdir(dir);
        if (!d)
            return -errno;
        leaf = save_temp_leaf(d->d_name);
        if (leaf && add(l, (struct span){ d->d_name + 1, (size_t)leaf }) < 0)
            return -ENOMEM;
    }
}

int left_look(struct left *l, const char *folder)
{
    DIR *dir = l->known ? NULL : opendir(folder);
    int rc;

    if (l->known)
        return 0;
    if (!dir)
        return -errno;
    rc = read_all(l, dir);
    closedir(dir);
    if (rc < 0) {
        left_free(l);
        return rc;
    }
    if (l->count)
        qsort(l->leafs, l->count, sizeof *l->leafs, by_name);
    l->known = true;
    return 0;
}

/* A long leaf stands in its temporary name without its end. */
bool left_for(const struct left *l, struct span leaf)
{
    char text[SAVE_LEAF + 1];
    const char *key = text;

    if (!l->known)
        return true;
    if (!l->count)
        return false;
    leaf.len = leaf.len < SAVE_LEAF ? leaf.len : SAVE_LEAF;
    memcpy(text, leaf.at, leaf.len);
    text[leaf.len] = '\0';
    return bsearch(&key, l->leafs, l->count, sizeof key, by_name);
}

void left_free(struct left *l)
{
    while (l->count)
        free(l->leafs[--l->count]);
    free(l->leafs);
    *l = (struct left){ 0 };
}
