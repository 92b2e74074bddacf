/* loops: what the two event-loop models share. */
#ifndef DRAY_MODEL_LOOPS_H
#define DRAY_MODEL_LOOPS_H

#include "model/model.h"
#include "rt/loop.h"

/* A worker's life: a loop, a task that accepts, a task for each client, until a drain has ended the last of them. */
void model_loop(const struct model_env *, const struct loop_ops *);

#endif
