/* any_local: a local store on a folder of its own, for the one test of a program that includes this. */
#ifndef DRAY_T_ANY_LOCAL_H
#define DRAY_T_ANY_LOCAL_H

#include <unistd.h>

#include "any_store.h"

static char dir[60];

int any_open(struct storage *out)
{
    strcpy(dir, "/tmp/dray-store-XXXXXX");
    return mkdtemp(dir) ? store_local_open(dir, false, out) : -errno;
}

void any_close(struct storage *s)
{
    char command[200];

    close(s->root);
    snprintf(command, sizeof command, "chmod -R u+rwx %s; rm -rf %s", dir, dir);
    assert_int_equal(system(command), 0);
}

#endif
