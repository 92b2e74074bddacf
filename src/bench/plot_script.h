/* plot_script: the parts of a gnuplot script that draws a load as NAME.svg and NAME.png from NAME.tsv. Before them stand the
 * variables name, title, about, unit, panels (those side by side) and row (the height of one). */
#ifndef DRAY_BENCH_PLOT_SCRIPT_H
#define DRAY_BENCH_PLOT_SCRIPT_H

/* First, and last. */
extern const char plot_common[], plot_end[];
/* The panels: columns cost; p50 and p99; idle, parked and kernel. Cost stands before took. */
extern const char plot_cost[], plot_took[], plot_weight[];

#endif
