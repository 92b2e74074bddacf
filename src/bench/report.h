/* report: what a run has measured, as a table for people or as JSON, one object a line. */
#ifndef DRAY_BENCH_REPORT_H
#define DRAY_BENCH_REPORT_H

#include <stdio.h>

#include "bench/bench.h"

void report_table(const struct bench *b, FILE *to);
void report_json(const struct bench *b, FILE *to);
/* Tells what could not be measured, a line each; how many lines. */
unsigned report_failures(const struct bench *b, FILE *to);

struct summary {
    double median, least, most;
};

/* Of all rounds; false when there is none. */
bool report_summary(const struct series *f, struct summary *s);

#endif
