/* lock: mutual exclusion in memory that processes and threads share, for a few instructions at a time: whoever holds one
 * never waits for anything else. A holder that is killed does not keep it. */
#ifndef DRAY_SYS_LOCK_H
#define DRAY_SYS_LOCK_H

#include <pthread.h>
#include <stdbool.h>

struct lock { /* zero is no lock: lock_init */
    pthread_mutex_t mutex;
};

/* In memory that is shared already, before anybody else knows of it. */
void lock_init(struct lock *);
/* true: whoever held it last died in the middle of what it was doing; the taker holds it and has to put that in order. */
bool lock_take(struct lock *);
/* Without waiting: false when somebody holds it. For locks that say no more than that: nothing is behind them to be put in
 * order. */
bool lock_try(struct lock *);
void lock_give(struct lock *);

#endif
