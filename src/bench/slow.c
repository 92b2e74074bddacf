/* slow: starts the source tree's t/slowfs (see slow.h), which needs FUSE, and waits until it is mounted. Called by bench.c; the
 * place owns the process and ends it before it is removed. Fails with -errno. Who is killed hard leaves a dead mount behind. */
#include "bench/slow.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "sys/scratch.h"

enum { PATH_CAP = 1100, TICK = 10000000, MOUNT_SECONDS = 10 };

#define READ_SECONDS "0.2"

static int program(char *path)
{
    return child_beside("t/slowfs/slowfs", path, PATH_CAP);
}

bool slow_exists(void)
{
    char path[PATH_CAP];

    return program(path) == 0 && child_runnable(path);
}

static int await_mount(struct rt_task *task, const char *place, const struct child *child)
{
    int64_t until = rt_after(task, MOUNT_SECONDS);
    char said[256];

    while (!scratch_is_mount(place, SLOW_FOLDER)) {
        if (child_read(child, said, sizeof said) == 0)
            return -ENOTCONN; /* it has ended */
        if (rt_now(task) > until)
            return -ETIMEDOUT;
        TRY(rt_sleep(task, rt_now(task) + TICK));
    }
    return 0;
}

int slow_start(struct rt_task *task, const char *place, struct child *child)
{
    CLEANUP(free_text) char *mount = NULL;
    char path[PATH_CAP], read[] = "--read", seconds[] = READ_SECONDS;

    TRY(program(path));
    if (asprintf(&mount, "%s/" SLOW_FOLDER, place) < 0)
        return -ENOMEM;
    TRY(scratch_many(place, SLOW_FOLDER, 0));
    TRY(child_exec(path, (char *[]){ path, (char *)(uintptr_t)place, mount, read, seconds, NULL }, CHILD_SECOND_HALF, child));
    return await_mount(task, place, child);
}
