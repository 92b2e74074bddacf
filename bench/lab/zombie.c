/* Process states, a zombie and an orphan, as /proc shows them.
 *
 * bench/lab/run zombie. A child is brought into each state in turn and read in /proc/PID/stat. A zombie is a child that has ended and
 * whose parent has not asked how: it holds nothing but its number and its exit status. An orphan is a child that outlives its parent
 * and is given to another, here to this program (PR_SET_CHILD_SUBREAPER), else to process 1. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The letter of the state, 0 if there is no such process. The name before it may contain blanks, but no child here has one. */
static char state(pid_t pid)
{
    char path[40], letter = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%*d %*s %c", &letter) != 1)
        letter = 0;
    fclose(f);
    return letter;
}

/* Waits until the child is in that state; ends the program if it never is, rather than show what did not happen. */
static void show(pid_t pid, char want, const char *what)
{
    for (int i = 0; state(pid) != want; i++, usleep(1000)) {
        if (i == 3000) {
            fprintf(stderr, "zombie: the child was never in state %c\n", want);
            exit(1);
        }
    }
    printf("%c  %s\n", want, what);
}

static pid_t child(void)
{
    pid_t pid = fork();

    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    return pid;
}

static void orphan(void)
{
    int ends[2];
    pid_t parent, heir = 0;

    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || pipe(ends) != 0) {
        perror("orphan");
        exit(1);
    }
    parent = child();
    if (parent == 0) {
        pid_t first = getpid();
        if (child() == 0) { /* left behind: waits until its parent is gone, then tells who its parent is now */
            while (getppid() == first)
                usleep(1000);
            heir = getppid();
            _exit(write(ends[1], &heir, sizeof(heir)) != sizeof(heir));
        }
        _exit(0);
    }
    waitpid(parent, NULL, 0);
    if (read(ends[0], &heir, sizeof(heir)) != sizeof(heir) || heir != getpid()) {
        fprintf(stderr, "zombie: the orphan was not given to this process\n");
        exit(1);
    }
    printf("-  an orphan: its parent ended, and its new parent is this process\n");
    wait(NULL);
}

int main(void)
{
    int status = 0, hold[2];
    char letter;
    pid_t pid;

    if (pipe(hold) != 0) {
        perror("zombie: pipe");
        return 1;
    }
    pid = child();
    if (pid == 0) {
        for (volatile int forever = 1; forever;) {
        }
    }
    show(pid, 'R', "running, or ready to run: a loop");
    kill(pid, SIGSTOP);
    show(pid, 'T', "stopped: SIGSTOP");
    kill(pid, SIGKILL);
    show(pid, 'Z', "zombie: killed, and nobody has asked how it ended");
    if (kill(pid, SIGKILL) != 0) {
        perror("zombie: kill");
        return 1;
    }
    printf("Z  still a zombie after another SIGKILL: what has ended cannot be ended\n");
    waitpid(pid, &status, 0);
    printf("-  waitpid: ended by signal %d; %s\n", WTERMSIG(status), state(pid) == 0 ? "the zombie is gone" : "still there");
    pid = child();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    show(pid, 'S', "sleeping, a signal wakes it: pause");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    pid = child();
    if (pid == 0) { /* a parent by vfork sleeps, and no signal wakes it, until its child ends */
        if (vfork() == 0)
            _exit(read(hold[0], &letter, 1) != 1);
        _exit(0);
    }
    show(pid, 'D', "sleeping, no signal wakes it: vfork (usually a disk)");
    if (write(hold[1], "", 1) != 1)
        return 1;
    waitpid(pid, NULL, 0);
    orphan();
    printf(
        "Learned: only its parent, by wait, or the end of that parent removes a zombie; a server that forks must reap.\n");
    return 0;
}
