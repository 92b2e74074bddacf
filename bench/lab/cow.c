/* Copy on write: what a child of fork shares with its parent, and when it stops.
 *
 * bench/lab/run cow. The parent fills 64 MiB and forks. Until somebody writes, both have the same pages; the first write to each page
 * is a fault that copies it. Pss in /proc/self/smaps_rollup counts a page that two share by half. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 16384 };

static long pss_kib(void)
{
    char line[200];
    long kib = -1;
    FILE *f = fopen("/proc/self/smaps_rollup", "re");

    if (f == NULL)
        return -1;
    while (kib < 0 && fgets(line, sizeof(line), f) != NULL)
        sscanf(line, "Pss: %ld", &kib);
    fclose(f);
    return kib;
}

static long faults(void)
{
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    return r.ru_minflt;
}

static long tell(const char *when, long since)
{
    long now = faults() - since;

    printf("%-42s %6ld page faults, Pss %6.1f MiB\n", when, now, (double)pss_kib() / 1024);
    fflush(stdout);
    return now;
}

/* One byte of each page is enough to copy the page. */
static void touch(volatile char *memory, int pages)
{
    for (int i = 0; i < pages; i++)
        memory[(size_t)i * PAGE] = 2;
}

static int child(volatile char *memory)
{
    long sum = 0, read_faults, write_faults, start = faults();

    tell("child, just forked", start);
    start = faults();
    for (int i = 0; i < PAGES; i++)
        sum += memory[(size_t)i * PAGE];
    read_faults = tell("child, has read every page", start);
    start = faults();
    touch(memory, PAGES / 2);
    tell("child, has written half of the pages", start);
    touch(memory, PAGES);
    write_faults = tell("child, has written all of the pages", start);
    return sum == PAGES && write_faults >= PAGES && read_faults < PAGES / 2 ? 0 : 1;
}

int main(void)
{
    int status = 1;
    char *memory = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || madvise(memory, (size_t)PAGES * PAGE, MADV_NOHUGEPAGE) != 0) {
        perror("cow");
        return 1;
    }
    memset(memory, 1, (size_t)PAGES * PAGE);
    tell("parent, 64 MiB filled", 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(memory));
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0 || memory[0] != 1) {
        fprintf(stderr, "cow: the child did not see what it should\n");
        return 1;
    }
    tell("parent, after the child: its bytes untouched", 0);
    printf("Learned: fork copies page tables, not memory; each page is paid for at the first write to it.\n");
    return 0;
}
