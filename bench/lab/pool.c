/* A pool of one, a pool of four, and a lock around everything.
 *
 * bench/lab/run pool. Eight sessions come at once; each waits 20 ms for its client. One worker serves them one after the other; four
 * wait side by side, also on one processor, since waiting needs none. If each session holds one big lock from begin to end, four
 * workers are one again. An interpreter with a global lock lets it go while it waits, and so gains by threads only there. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SESSIONS = 8, WAIT_US = 20000, MOST = 4 };

struct pool {
    atomic_int next;         /* the session that comes next */
    atomic_int inside, peak; /* sessions served at this moment, and the most of them */
    int big_lock;
    pthread_mutex_t lock;
};

static void session(struct pool *p)
{
    int now, peak;

    if (p->big_lock)
        pthread_mutex_lock(&p->lock);
    now = atomic_fetch_add(&p->inside, 1) + 1;
    peak = atomic_load(&p->peak);
    while (now > peak && !atomic_compare_exchange_weak(&p->peak, &peak, now))
        ;
    usleep(WAIT_US);
    atomic_fetch_sub(&p->inside, 1);
    if (p->big_lock)
        pthread_mutex_unlock(&p->lock);
}

static void *worker(void *pool)
{
    struct pool *p = pool;

    while (atomic_fetch_add(&p->next, 1) < SESSIONS)
        session(p);
    return NULL;
}

static int serve(const char *name, int workers, int big_lock)
{
    struct pool p = { .big_lock = big_lock, .lock = PTHREAD_MUTEX_INITIALIZER };
    pthread_t threads[MOST];
    struct timespec a, b;

    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < workers; i++)
        if (pthread_create(&threads[i], NULL, worker, &p) != 0)
            exit(1);
    for (int i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%-24s at most %d at once, all %d served in %4.0f ms\n", name, atomic_load(&p.peak), SESSIONS,
           (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
    return atomic_load(&p.peak);
}

int main(void)
{
    int one = serve("1 worker", 1, 0), four = serve("4 workers", MOST, 0), locked = serve("4 workers, a big lock", MOST, 1);

    printf("Learned: workers help while sessions wait; a lock held while waiting makes one of them all.\n");
    return one != 1 || four > MOST || locked != 1;
}
