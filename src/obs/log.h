/* log: one line for each event, as text for people or JSON for programs. A line is one write(2) to a file opened for
 * appending, so lines of many processes and threads never mix. Bytes from clients are made harmless: no line can be forged. */
#ifndef DRAY_OBS_LOG_H
#define DRAY_OBS_LOG_H

#include "base/span.h"

struct log {
    int fd; /* -1: nothing is logged */
    bool json;
};

struct log_item {
    const char *key;
    struct span text; /* .at NULL: the number counts */
    int64_t number;
};

#define LOG_TEXT(k, s) { .key = (k), .text = (s) }
#define LOG_NUMBER(k, n) { .key = (k), .number = (n) }

/* text: "2026-11-23T10:12:12Z login peer=127.0.0.1 user=bob"; values with blanks or quotes are quoted.
 * json: {"time":"2026-11-23T10:12:12Z","event":"login","peer":"127.0.0.1","user":"bob"} */
void log_items(const struct log *log, const char *event, const struct log_item *items, size_t n);

#define LOG(log, event, ...)                                                                             \
    log_items(log, event, (const struct log_item[]){ __VA_ARGS__ },                                      \
              sizeof((const struct log_item[]){ __VA_ARGS__ }) / sizeof(struct log_item))

#endif
