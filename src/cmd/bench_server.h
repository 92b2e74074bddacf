/* bench_server: a server that runs already, as the person names it to `dray bench servers`. */
#ifndef DRAY_CMD_BENCH_SERVER_H
#define DRAY_CMD_BENCH_SERVER_H

#include "bench/server.h"

/* name, folder (NULL: none) and the control group are views into the text that was parsed. */
struct bench_server {
    const char *name, *folder;
    struct server server;
};

/* "NAME=URL[,pid=PID][,folder=DIR][,cgroup=DIR]", which is cut into pieces. May wait for a name server. -EINVAL and a sentence in
 * err; -ENOENT the same for a host that is not found. */
int bench_server_parse(char *text, struct bench_server *out, struct buf *err);

#endif
