/* block: the large blocks of rt_block_take. A thread keeps a few for the next takers, so that in steady state nothing is
 * allocated and no fresh page is touched: an event loop with ten thousand sessions owns as many blocks as move bytes at this
 * moment, and these. They are given back when the thread ends. */
#include <pthread.h>
#include <stdlib.h>

#include "rt/rt.h"

enum { KEPT = 4 };

struct spares {
    unsigned n;
    void *block[KEPT];
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop(void *arg)
{
    struct spares *s = arg;

    while (s->n)
        free(s->block[--s->n]);
    free(s);
}

static void make_key(void)
{
    pthread_key_create(&key, drop);
}

/* This thread's; NULL without memory: then nothing is kept. */
static struct spares *mine(void)
{
    struct spares *s;

    pthread_once(&once, make_key);
    s = pthread_getspecific(key);
    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (s)
        pthread_setspecific(key, s);
    return s;
}

void *rt_block_take(void)
{
    struct spares *s = mine();

    return s && s->n ? s->block[--s->n] : malloc(RT_BLOCK);
}

void rt_block_give(void *block)
{
    struct spares *s = mine();

    if (s && s->n < KEPT)
        s->block[s->n++] = block;
    else
        free(block);
}
