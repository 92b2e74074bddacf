/* lock: a robust mutex that processes share (see lock.h). The kernel knows what a dying thread holds and marks it, so there
 * is no holder to look for and no time to wait. Called by whoever lays out shared memory. Cannot fail but by our own mistake
 * (a lock that was never made, or one that is taken twice), which ends the process. */
#include "sys/lock.h"

#include <errno.h>

#include "base/check.h"

void lock_init(struct lock *l)
{
    pthread_mutexattr_t attr;

    CHECK(pthread_mutexattr_init(&attr) == 0);
    CHECK(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
    /* the kind that notices its own thread coming twice: an error to see, not a server that hangs */
    CHECK(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK) == 0);
    CHECK(pthread_mutex_init(&l->mutex, &attr) == 0);
    pthread_mutexattr_destroy(&attr);
}

bool lock_take(struct lock *l)
{
    int rc = pthread_mutex_lock(&l->mutex);

    CHECK(rc == 0 || rc == EOWNERDEAD);
    /* said at once: should this taker die as well, the next one is told just the same */
    if (rc == EOWNERDEAD)
        CHECK(pthread_mutex_consistent(&l->mutex) == 0);
    return rc == EOWNERDEAD;
}

bool lock_try(struct lock *l)
{
    int rc = pthread_mutex_trylock(&l->mutex);

    CHECK(rc == 0 || rc == EOWNERDEAD || rc == EBUSY || rc == EDEADLK); /* EDEADLK: another task of this thread has it */
    if (rc == EOWNERDEAD)
        CHECK(pthread_mutex_consistent(&l->mutex) == 0);
    return rc == 0 || rc == EOWNERDEAD;
}

void lock_give(struct lock *l)
{
    CHECK(pthread_mutex_unlock(&l->mutex) == 0);
}
