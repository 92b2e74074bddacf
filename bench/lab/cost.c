/* What it costs to make a process, a thread and a coroutine, and to switch between two.
 *
 * bench/lab/run cost. Making includes ending and waiting for the end. A switch is half of a round between two that hand a byte to and
 * fro by pipes, on one processor, or a swapcontext; dray's own coroutines (src/rt/coro.c) make no system call to switch. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { MADE = 2000, ROUNDS = 20000, STACK = 65536 };

static int there[2], back[2];
static ucontext_t self, other;
static char *stack;

static void must(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

static void *nothing(void *arg)
{
    return arg;
}

static void *echo(void *arg)
{
    char c;

    for (int i = 0; i < ROUNDS; i++)
        must(read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1, "echo");
    return arg;
}

static void call(void)
{
    char c = 0;

    for (int i = 0; i < ROUNDS; i++)
        must(write(there[1], &c, 1) == 1 && read(back[0], &c, 1) == 1, "call");
}

static void process(void *(*run)(void *), void (*meanwhile)(void))
{
    pid_t pid = fork();

    must(pid >= 0, "fork");
    if (pid == 0) {
        run(NULL);
        _exit(0);
    }
    if (meanwhile)
        meanwhile();
    must(waitpid(pid, NULL, 0) == pid, "waitpid");
}

static void thread(void *(*run)(void *), void (*meanwhile)(void))
{
    pthread_t t;

    must(pthread_create(&t, NULL, run, NULL) == 0, "pthread_create");
    if (meanwhile)
        meanwhile();
    must(pthread_join(t, NULL) == 0, "pthread_join");
}

static void come_back(void)
{
    for (;;)
        swapcontext(&other, &self);
}

static void coroutine_make(void)
{
    must(getcontext(&other) == 0, "getcontext");
    other.uc_stack.ss_sp = stack;
    other.uc_stack.ss_size = STACK;
    makecontext(&other, come_back, 0);
    swapcontext(&self, &other);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure(const char *name, void (*make)(void *(*)(void *), void (*)(void)))
{
    double start = now(), made, rounds;

    for (int i = 0; i < MADE; i++)
        make(nothing, NULL);
    made = (now() - start) / MADE;
    start = now();
    make(echo, call);
    rounds = (now() - start) / ROUNDS / 2;
    printf("%-10s made and ended in %7.2f us, a switch %6.2f us (with a byte through a pipe)\n", name, made, rounds);
    fflush(stdout);
}

int main(void)
{
    cpu_set_t one;
    double start, made;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    must(sched_setaffinity(0, sizeof(one), &one) == 0, "sched_setaffinity");
    must(pipe(there) == 0 && pipe(back) == 0 && (stack = malloc(STACK)) != NULL, "cost");
    measure("process", process);
    measure("thread", thread);
    start = now();
    for (int i = 0; i < MADE; i++)
        coroutine_make();
    made = (now() - start) / MADE;
    start = now();
    for (int i = 0; i < ROUNDS; i++)
        swapcontext(&self, &other);
    printf("%-10s made and left in  %7.2f us, a switch %6.2f us (swapcontext)\n", "coroutine", made,
           (now() - start) / ROUNDS / 2);
    free(stack);
    printf("Learned: a process costs most to make; switching costs the same for both that the kernel switches; a coroutine "
           "is a call.\n");
    return 0;
}
