/* status_print: one server of `dray status`, for people or as a line of JSON. */
#ifndef DRAY_CMD_STATUS_PRINT_H
#define DRAY_CMD_STATUS_PRINT_H

#include "base/buf.h"

struct board;

/* The room that a session or the head takes at most, however its names must be written. */
enum { STATUS_LINE = 8000 };

/* Both print to standard output, by way of `line`. What came from clients is made harmless. */
void status_text(const struct board *, struct buf *line);
void status_json(const struct board *, struct buf *line);

#endif
