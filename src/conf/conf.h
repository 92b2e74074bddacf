/* conf: what the operator chose. Filled once at start from defaults, the environment and flags (in that order, the later
 * wins), then only read. The rows are in conf.def. */
#ifndef DRAY_CONF_CONF_H
#define DRAY_CONF_CONF_H

#include "base/buf.h"

enum { CONF_LIST_MAX = 64 };

enum { CONF_NONE = 0, CONF_AUTO = -1 }; /* sizes: -1 is left to us */

struct conf_list {
    unsigned n;
    const char *item[CONF_LIST_MAX];
};

struct conf_range {
    uint16_t min, max; /* 0, 0: any port */
};

struct conf_door {
    uint16_t port; /* 0: a free one */
    bool off, said; /* said: by the operator */
};

struct conf {
#define CONF_DOOR(f) struct conf_door f;
#define CONF_PORT(f) uint16_t f;
#define CONF_COUNT(f) unsigned f;
#define CONF_SECONDS(f) unsigned f;
#define CONF_RANGE(f) struct conf_range f;
#define CONF_TEXT(f) const char *f;
#define CONF_LIST(f) struct conf_list f;
#define CONF_SWITCH(f) bool f;
#define CONF_SIZE(f) int64_t f;
#define CONF(type, name, field, def, arg, help) CONF_##type(field)
#include "conf/conf.def"
#undef CONF
    const char *dir; /* the folder to serve; NULL: none was named */
};

/* Defaults, then DRAY_* from the environment. On failure -EINVAL and a sentence in err. */
int conf_init(struct conf *, struct buf *err);
/* Flags and the folder, argv[1..argc-1]; texts point into argv, except secrets, which are copied and wiped there so that no
 * process list shows them. 1: help was asked for. On failure -EINVAL and a sentence in err. */
int conf_args(struct conf *, int argc, char **argv, struct buf *err);
/* Wipes and frees the secrets. */
void conf_free(struct conf *);
/* One line for each row, as --help shows it. */
/* Each option, in the order of conf.def; arg is NULL for a switch. */
void conf_each(void (*take)(void *ctx, const char *name, const char *arg, const char *help), void *ctx);
void conf_print_help(struct buf *b);

#endif
