/* digest: what a checksum costs: processor time for a GiB of each kind, through sys/digest.h, in blocks as large as an upload's.
 * The block is the same each time, so it lies in the cache, as one does that was just received. `digest [SECONDS]` prints a table;
 * the last column compares with what an upload costs without a checksum (SECONDS a GiB, as `dray bench models --loads up1`
 * says on the same machine): what is computed of every upload may cost 10 % of it. The best of several rounds counts: other
 * programs only make it slower. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sys/digest.h"

enum { BLOCK = 1 << 20, BLOCKS = 256, ROUNDS = 5, GIB = 1 << 30 };

static double cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double once(enum sum_id id, const void *block)
{
    struct digest d;
    struct sums sums;
    double begin = cpu();

    if (digest_begin(&d, SUM_BIT(id)) < 0)
        exit(1);
    for (int i = 0; i < BLOCKS; i++)
        digest_add(&d, block, BLOCK);
    digest_end(&d, &sums);
    return (cpu() - begin) * GIB / BLOCK / BLOCKS;
}

static double best(enum sum_id id, const void *block)
{
    double least = once(id, block);

    for (int i = 1; i < ROUNDS; i++) {
        double now = once(id, block);

        least = now < least ? now : least;
    }
    return least;
}

int main(int argc, char **argv)
{
    double upload = argc > 1 ? strtod(argv[1], NULL) : 0.44;
    unsigned char *block = malloc(BLOCK);

    if (!block)
        return 1;
    for (size_t i = 0; i < BLOCK; i++)
        block[i] = (unsigned char)(i * 2654435761u >> 13);
    printf("%-8s %12s %12s %14s\n", "kind", "CPU s/GiB", "ms/MiB", "of an upload");
    for (enum sum_id id = 0; id < SUMS; id++) {
        double cost = best(id, block);

        printf("%-8s %12.3f %12.3f %13.0f%%\n", sum_kinds[id].name, cost, cost * 1000 / 1024, 100 * cost / upload);
    }
    free(block);
    return 0;
}
