/* plot: what a run has measured as pictures. For each load the folder gets NAME.tsv (the data), NAME.gp (the gnuplot script), and
 * NAME.svg and NAME.png, which the script draws. */
#ifndef DRAY_BENCH_PLOT_H
#define DRAY_BENCH_PLOT_H

#include <stdio.h>

#include "bench/bench.h"

struct plot {
    const char *folder;
    char temp[SERVER_PATH], gnuplot[SERVER_PATH]; /* temp "": there is none */
};

/* Before the run, so that nobody waits for it in vain: finds gnuplot, makes the folder and one in it for what is not ready.
 * -errno, and why as a sentence on `tell`. */
int plot_open(struct plot *p, const char *folder, FILE *tell);
/* The loads of which there are figures: each file takes the place of its namesake when it is whole. How many loads there are;
 * what goes wrong is told on `tell` and makes it -EIO. -ECANCELED: interrupted. */
int plot_draw(struct plot *p, struct bench *b, FILE *tell);
/* Removes what is not ready. A zeroed one is fine. */
void plot_close(struct plot *p);

#endif
