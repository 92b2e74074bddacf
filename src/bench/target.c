/* target: starts and ends one server (see target.h): `dray serve` with a model, as our own executable, or a
 * program in bench/ beside it. Both print the address at which they listen. Called by bench.c; owns the process.
 * One that others started is only told where its files are. Fails with -errno. */
#include "bench/target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "bench/account.h"

enum { PATH_CAP = 1100, START_SECONDS = 20, END_SECONDS = 10 };

static int floor_path(const struct target *t, char *path)
{
    char name[64];

    snprintf(name, sizeof name, "bench/%s", t->name);
    return child_beside(name, path, PATH_CAP);
}

bool target_exists(const struct target *t)
{
    char path[PATH_CAP];

    return t->kind || (floor_path(t, path) == 0 && child_runnable(path));
}

void target_host(struct target *t, unsigned number)
{
    snprintf(t->host, sizeof t->host, "127.77.%u.1", number & 255);
}

/* ---- starting ---- */

/* execv promises not to write to these. */
static char *arg(const char *text)
{
    return (char *)(uintptr_t)text;
}

static int start_floor(struct target *t, const char *folder)
{
    char path[PATH_CAP];
    char *argv[] = { arg(t->name), arg(folder), t->host, NULL };

    TRY(floor_path(t, path));
    return child_exec(path, argv, CHILD_FIRST_HALF, &t->child);
}

static char **add_option(char **at, const char *name, const char *value)
{
    *at++ = arg(name);
    *at++ = arg(value);
    return at;
}

static int start_model(struct target *t, const char *folder, const struct target_how *how)
{
    char workers[16];
    char *argv[] = { arg("dray"), arg("serve"), arg(folder), arg("--model"), arg(t->name), arg("--ftp"), arg("0"),
                     arg("--http"), arg("off"), arg("--bind"), t->host, arg("--writable"), arg("--quiet"),
                     arg("--max-sessions"), arg("0"), arg("--max-per-address"), arg("0"), NULL, NULL, NULL, NULL, NULL };
    char **more = argv;

    while (*more)
        more++;
    snprintf(workers, sizeof workers, "%u", how->workers);
    if (how->workers)
        more = add_option(more, "--workers", workers);
    if (how->accounts)
        add_option(more, "--users", how->accounts);
    return child_exec("/proc/self/exe", argv, CHILD_FIRST_HALF, &t->child);
}

/* "...ftp://HOST:PORT/..." -> PORT, once the slash behind it has come. */
static uint16_t port_in(const char *text)
{
    const char *at = strstr(text, "ftp://");
    uint16_t port = 0;
    char slash = 0;

    return at && sscanf(at, "ftp://%*[0-9.]:%hu%c", &port, &slash) == 2 && slash == '/' ? port : 0;
}

static int await_address(struct rt_task *task, struct target *t)
{
    char said[1024];
    size_t len = 0;
    int64_t until = rt_after(task, START_SECONDS);
    uint16_t port = 0;

    while (!port && len < sizeof said - 1) {
        struct pollfd p = { .fd = t->child.out, .events = POLLIN };
        ssize_t n;

        TRY(rt_wait(task, &p, 1, until));
        n = child_read(&t->child, said + len, sizeof said - 1 - len);
        if (n <= 0)
            return n < 0 ? (int)n : -ENOTCONN;
        len += (size_t)n;
        said[len] = '\0';
        port = port_in(said);
    }
    return port ? sock_addr_parse(t->host, port, &t->server.at) : -EPROTO;
}

static int start(struct rt_task *task, struct target *t, const struct target_how *how)
{
    TRY(t->kind ? start_model(t, t->place->path, how) : start_floor(t, t->place->path));
    t->server.processes = (struct usage_of){ .pid = t->child.pid };
    snprintf(t->server.host, sizeof t->server.host, "%s", t->host);
    snprintf(t->server.user, sizeof t->server.user, "%s", how->accounts ? ACCOUNT_NAME : SERVER_STRANGER);
    snprintf(t->server.password, sizeof t->server.password, "%s", how->accounts ? ACCOUNT_PASSWORD : "bench@");
    return await_address(task, t);
}

int target_start(struct rt_task *task, struct target *t, const struct target_how *how)
{
    if (!t->foreign)
        TRY(start(task, t, how));
    t->up = true;
    return 0;
}

void target_end(struct target *t)
{
    crew_end(&t->crew);
    crew_end(&t->beside);
    child_end(&t->child, END_SECONDS);
    t->up = false;
}
