/* loops: what the two event-loop models share. */
#ifndef DRAY_MODEL_LOOPS_H
#define DRAY_MODEL_LOOPS_H

#include "model/model.h"
#include "rt/loop.h"

/* The whole server: refused where no such loop can be made; a kernel that guards stacks only weakly is logged, once. */
int model_serve_loops(const struct model_env *, const struct loop_ops *, void (*worker)(const struct model_env *));

/* A worker's life: a loop, a task that accepts, a task for each client, until a drain has ended the last of them. */
void model_loop(const struct model_env *, const struct loop_ops *);

#endif
