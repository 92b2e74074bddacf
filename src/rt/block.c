/* block: the large blocks of rt_block_take. A thread keeps one for the next taker, so that in steady state nothing is
 * allocated: an event loop with ten thousand sessions owns as many blocks as move bytes at this moment, and one. The kept
 * one is given back when the thread ends. */
#include <pthread.h>
#include <stdlib.h>

#include "rt/rt.h"

static pthread_key_t spare;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_key(void)
{
    pthread_key_create(&spare, free);
}

void *rt_block_take(void)
{
    void *block;

    pthread_once(&once, make_key);
    block = pthread_getspecific(spare);
    if (!block)
        return malloc(RT_BLOCK);
    pthread_setspecific(spare, NULL);
    return block;
}

void rt_block_give(void *block)
{
    if (pthread_getspecific(spare))
        free(block);
    else
        pthread_setspecific(spare, block);
}
