/* Who dies of a crash: in a process, one session; in a thread, all of them.
 *
 * bench/lab/run crash. Four sessions run, and one of them writes to address 0. Each set of four lives in a process of its own, so that
 * this program is there to count who came to the end of its work. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SESSIONS = 4, BAD = 2 };

/* Shared with every process: sessions that came to their end; is the end of the bad one known? */
static atomic_int *done, *seen;
static volatile int *nowhere;

/* The others end only after the server has seen how the bad one ended, if they live so long. */
static void session(int which)
{
    if (which == BAD)
        *nowhere = 1;
    while (!atomic_load(seen))
        usleep(1000);
    atomic_fetch_add(done, 1);
}

static void *thread(void *which)
{
    session(*(int *)which);
    return NULL;
}

static void with_threads(void)
{
    pthread_t threads[SESSIONS];
    int which[SESSIONS];

    for (int i = 0; i < SESSIONS; i++) {
        which[i] = i;
        if (pthread_create(&threads[i], NULL, thread, &which[i]) != 0)
            _exit(1);
    }
    pthread_join(threads[BAD], NULL);
    atomic_store(seen, 1);
    for (int i = 0; i < SESSIONS; i++)
        if (i != BAD)
            pthread_join(threads[i], NULL);
}

static void with_processes(void)
{
    pid_t pids[SESSIONS];

    for (int i = 0; i < SESSIONS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            session(i);
            _exit(0);
        }
    }
    waitpid(pids[BAD], NULL, 0);
    atomic_store(seen, 1);
    while (wait(NULL) > 0)
        ;
}

/* How many sessions came to their end. */
static int survivors(const char *what, void (*serve)(void))
{
    int status = 0;
    pid_t pid;

    atomic_store(done, 0);
    atomic_store(seen, 0);
    pid = fork();
    if (pid == 0) {
        serve();
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        perror("crash");
        exit(1);
    }
    printf("%-10s %d of %d sessions came to their end; the server %s\n", what, atomic_load(done), SESSIONS,
           WIFSIGNALED(status) ? "was ended by SIGSEGV" : "went on");
    fflush(stdout);
    return atomic_load(done);
}

int main(void)
{
    const struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
    done = mmap(NULL, 2 * sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (done == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    seen = done + 1;
    int processes = survivors("processes", with_processes), threads = survivors("threads", with_threads);
    printf("Learned: a signal like SIGSEGV ends a process with all its threads; another process is a wall.\n");
    return processes != SESSIONS - 1 || threads >= SESSIONS - 1;
}
