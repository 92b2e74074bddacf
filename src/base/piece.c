/* piece: a short list of free pieces for each thread (see piece.h), given back when the thread ends. Used by arenas and
 * streams. Without it, ten thousand sessions that log in one after the other leave a hole of some KiB each in the heap. */
#include "base/piece.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEPT = 32 };

struct pieces {
    unsigned n;
    void *free[KEPT];
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop(void *arg)
{
    struct pieces *p = arg;

    while (p->n)
        free(p->free[--p->n]);
    free(p);
}

static void make_key(void)
{
    pthread_key_create(&key, drop);
}

/* This thread's; NULL without memory: then nothing is kept. */
static struct pieces *mine(void)
{
    struct pieces *p;

    pthread_once(&once, make_key);
    p = pthread_getspecific(key);
    if (p)
        return p;
    p = calloc(1, sizeof *p);
    if (p)
        pthread_setspecific(key, p);
    return p;
}

void *piece_take(void)
{
    struct pieces *p = mine();

    return p && p->n ? p->free[--p->n] : malloc(PIECE);
}

void piece_give(void *piece)
{
    struct pieces *p = piece ? mine() : NULL;

    if (p && p->n < KEPT)
        p->free[p->n++] = piece;
    else
        free(piece);
}
