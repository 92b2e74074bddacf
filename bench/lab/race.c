/* A lost update, and three cures with their prices.
 *
 * bench/lab/run race. Four threads add 1 to one number. Reading, adding and writing are three steps: what another thread wrote between
 * them is lost. The race is meant; its number is volatile, so that the compiler leaves the three steps there. Threads that happen to
 * run one after the other lose nothing, so the unprotected ones get several tries. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, EACH = 1000000, LETTERS = 50000, TRIES = 50 };

static volatile long plain;
static long locked, received;
static atomic_long atomic;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int ends[2];

static void *add_plain(void *unused)
{
    for (int i = 0; i < EACH; i++)
        plain = plain + 1;
    return unused;
}

static void *add_locked(void *unused)
{
    for (int i = 0; i < EACH; i++) {
        pthread_mutex_lock(&mutex);
        locked++;
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static void *add_atomic(void *unused)
{
    for (int i = 0; i < EACH; i++)
        atomic_fetch_add_explicit(&atomic, 1, memory_order_relaxed);
    return unused;
}

/* The number belongs to one thread; the others send it letters of one byte. */
static void *add_message(void *unused)
{
    for (int i = 0; i < LETTERS; i++) {
        if (write(ends[1], "+", 1) != 1) {
            perror("write");
            exit(1);
        }
    }
    return unused;
}

static void receive(void)
{
    char letter;

    while (received < (long)THREADS * LETTERS && read(ends[0], &letter, 1) == 1)
        received++;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Runs the four, and what the main thread does meanwhile. Returns ns for each addition. */
static double run(void *(*add)(void *), void (*meanwhile)(void), long times)
{
    pthread_t threads[THREADS];
    double start = now();

    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, add, NULL) != 0) {
            fprintf(stderr, "race: no thread\n");
            exit(1);
        }
    }
    if (meanwhile != NULL)
        meanwhile();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return (now() - start) / (double)times;
}

static int tell(const char *how, long got, long expected, double ns)
{
    printf("%-16s %8ld of %8ld, lost %8ld, %7.1f ns each\n", how, got, expected, expected - got, ns);
    return got == expected;
}

int main(void)
{
    const long all = (long)THREADS * EACH, letters = (long)THREADS * LETTERS;
    int exact = 1;
    double ns = 0;

    if (pipe(ends) != 0) {
        perror("pipe");
        return 1;
    }
    for (int i = 0; i < TRIES && (i == 0 || plain == all); i++) {
        plain = 0;
        ns = run(add_plain, NULL, all);
    }
    tell("unprotected", plain, all, ns);
    ns = run(add_locked, NULL, all);
    exact &= tell("mutex", locked, all, ns);
    ns = run(add_atomic, NULL, all);
    exact &= tell("atomic", atomic_load(&atomic), all, ns);
    ns = run(add_message, receive, letters);
    exact &= tell("message (pipe)", received, letters, ns);
    printf(
        "Learned: %s\n",
        exact
            ? "what several write needs one owner at a time: by a lock, by the processor, or because only one thread has it."
            : "nothing, a cure has lost an update.");
    return !exact;
}
