/* What the others wait when one session blocks an event loop, and when it hands its work to a thread.
 *
 * bench/lab/run block. A loop wakes each 5 ms for a timer that stands for all other sessions. Once, a session reads from a slow disk:
 * a sleep of 200 ms stands for it, since a disk cannot be told to be slow. First the loop reads by itself, then a thread does and
 * tells the loop by an eventfd. Counted are the ticks that came late, not only how late they came. */
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 5, DISK_MS = 200, TICKS = 80, AT = 10 };

static int finished; /* eventfd: the read is done */

static void slow_read(void)
{
    usleep(DISK_MS * 1000);
}

static void *offloaded(void *unused)
{
    uint64_t one = 1;

    slow_read();
    if (write(finished, &one, sizeof(one)) != sizeof(one))
        exit(1);
    return unused;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Returns the ticks that the loop served between the begin and the end of the read. */
static int loop(const char *name, int offload)
{
    struct itimerspec every = { { 0, TICK_MS * 1000000 }, { 0, TICK_MS * 1000000 } };
    struct pollfd fds[2] = { { .fd = timerfd_create(CLOCK_MONOTONIC, 0), .events = POLLIN },
                             { .fd = finished, .events = POLLIN } };
    double last, longest = 0;
    int meanwhile = 0, reading = 0;
    pthread_t helper;
    uint64_t n;

    timerfd_settime(fds[0].fd, 0, &every, NULL);
    last = now();
    for (int i = 0; i < TICKS; i++) {
        if (i == AT && offload)
            reading = pthread_create(&helper, NULL, offloaded, NULL) == 0;
        else if (i == AT)
            slow_read();
        if (poll(fds, 2, -1) < 0)
            exit(1);
        if (fds[1].revents && read(finished, &n, sizeof(n)) == sizeof(n))
            reading = 0;
        if (!fds[0].revents || read(fds[0].fd, &n, sizeof(n)) != sizeof(n))
            continue;
        meanwhile += reading;
        longest = now() - last > longest ? now() - last : longest;
        last = now();
    }
    if (offload)
        pthread_join(helper, NULL);
    close(fds[0].fd);
    printf("%-18s %2d wake-ups of others during the read, the longest gap %4.0f ms\n", name, meanwhile, longest);
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
    return inside != 0 || beside == 0;
}
