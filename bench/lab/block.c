/* What the others wait when one session blocks an event loop, and when it hands its work to a thread.
 *
 * bench/lab/run block. A loop wakes each 5 ms for a timer that stands for all other sessions. Once, a session reads from a slow disk:
 * a sleep of 200 ms stands for it, since a disk cannot be told to be slow. First the loop reads by itself, then a thread does and
 * tells the loop by an eventfd. That thread's disk is slow enough for some wake-ups to fall into the read on a busy machine, too. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 5, DISK_MS = 200, TICKS = 80, AT = 10, SOME = 10, PATIENCE_S = 10 };

static int finished; /* eventfd: a read is done */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t served = PTHREAD_COND_INITIALIZER;
static int reading, meanwhile; /* under mutex: is the disk read? wake-ups of others since it is */

/* Takes 200 ms, and until the others have been woken `least` times; after PATIENCE_S it gives up waiting for them. */
static void slow_read(int least)
{
    struct timespec limit;
    uint64_t one = 1;

    pthread_mutex_lock(&mutex);
    reading = 1;
    pthread_mutex_unlock(&mutex);
    usleep(DISK_MS * 1000);
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&mutex);
    while (meanwhile < least && pthread_cond_timedwait(&served, &mutex, &limit) != ETIMEDOUT)
        ;
    reading = 0;
    pthread_mutex_unlock(&mutex);
    if (write(finished, &one, sizeof(one)) != sizeof(one))
        exit(1);
}

static void *offloaded(void *unused)
{
    slow_read(SOME);
    return unused;
}

static void serve_others(void)
{
    pthread_mutex_lock(&mutex);
    meanwhile += reading;
    pthread_cond_signal(&served);
    pthread_mutex_unlock(&mutex);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Returns the wake-ups that the loop served between the begin and the end of the read. */
static int loop(const char *name, int offload)
{
    struct itimerspec every = { { 0, TICK_MS * 1000000 }, { 0, TICK_MS * 1000000 } };
    struct pollfd fds[2] = { { .fd = timerfd_create(CLOCK_MONOTONIC, 0), .events = POLLIN },
                             { .fd = finished, .events = POLLIN } };
    double last = now(), longest = 0;
    int done = 0;
    pthread_t helper;
    uint64_t n;

    meanwhile = 0;
    timerfd_settime(fds[0].fd, 0, &every, NULL);
    for (int tick = 0; tick < TICKS || !done;) {
        if (poll(fds, 2, -1) < 0)
            exit(1);
        if (fds[1].revents && read(finished, &n, sizeof(n)) == sizeof(n))
            done = 1;
        if (!fds[0].revents || read(fds[0].fd, &n, sizeof(n)) != sizeof(n))
            continue;
        serve_others();
        longest = now() - last > longest ? now() - last : longest;
        last = now();
        if (++tick != AT)
            continue;
        if (!offload)
            slow_read(0);
        else if (pthread_create(&helper, NULL, offloaded, NULL) != 0)
            exit(1);
    }
    if (offload)
        pthread_join(helper, NULL);
    close(fds[0].fd);
    printf("%-12s %3d wake-ups of others during the read, the longest gap %4.0f ms\n", name, meanwhile, longest);
    return meanwhile;
}

int main(void)
{
    int inside, beside;

    finished = eventfd(0, EFD_CLOEXEC);
    if (finished < 0)
        return 1;
    inside = loop("in the loop", 0);
    beside = loop("by a thread", 1);
    printf(
        "Learned: a loop must never block; what cannot be polled, such as a disk file, goes to a thread or into a ring.\n");
    return inside != 0 || beside < SOME;
}
