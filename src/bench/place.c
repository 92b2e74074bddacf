/* place: makes, checks and removes what servers serve while they are measured (see place.h). Called by bench.c; owns the
 * folder from place_make to place_remove. Fails with -errno. */
#include "bench/place.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/scratch.h"

enum { UNMOUNT_SECONDS = 10 };

int place_make(struct place *p, const struct load_size *size)
{
    int64_t bulk = (int64_t)size->bulk << 20;

    TRY(scratch_make(p->parent, p->path, sizeof p->path));
    if (p->foreign)
        TRY(scratch_open_up(p->path));
    TRY(scratch_file(p->path, LOAD_SMALL, LOAD_SMALL_BYTES));
    TRY(scratch_file(p->path, LOAD_BIG, bulk));
    TRY(scratch_file(p->path, LOAD_PART, bulk / LOAD_STREAMS));
    return scratch_many(p->path, LOAD_FOLDER, size->entries);
}

const char *place_name(const struct place *p)
{
    return strrchr(p->path, '/') + 1;
}

static void name_upload(char *name, size_t cap, unsigned number)
{
    snprintf(name, cap, "up%u", number);
}

int place_check(const struct place *p, unsigned uploads, const char *original)
{
    for (unsigned i = 0; i < uploads; i++) {
        char name[24];

        name_upload(name, sizeof name, i);
        TRY(scratch_same(p->path, name, original));
    }
    return 0;
}

/* A new folder for what is swept away; false: there is none. */
static bool make_aside(struct place *p, char *aside, size_t cap)
{
    char name[24];

    snprintf(name, sizeof name, "swept%u", p->swept++);
    return scratch_many(p->path, name, 0) == 0 && snprintf(aside, cap, "%s/%s", p->path, name) < (int)cap;
}

void place_sweep(struct place *p, unsigned uploads, bool small)
{
    char aside[SERVER_PATH];

    small = small && make_aside(p, aside, sizeof aside);
    for (unsigned i = 0; i < uploads; i++) {
        char name[24];

        name_upload(name, sizeof name, i);
        if (!small || scratch_move(p->path, name, aside) < 0)
            scratch_drop(p->path, name);
    }
}

void place_remove(struct place *p)
{
    child_end(&p->slow, UNMOUNT_SECONDS);
    scratch_remove(p->path);
    *p->path = '\0';
}
