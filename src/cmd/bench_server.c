/* bench_server: parses an argument of `dray bench servers` (see bench_server.h). Called by cmd/bench.c; owns nothing. What is
 * wrong is told in a sentence. The address is what `dray open` takes, too. */
#include "cmd/bench_server.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/target.h"
#include "sys/resolve.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
enum { NAME_MAX_LEN = 16, PID_MAX = 1 << 22 };

static int set_pid(struct bench_server *s, char *value)
{
    uint64_t pid;

    TRY(span_u64(span_of(value), PID_MAX, &pid));
    s->server.processes.pid = (pid_t)pid;
    return pid ? 0 : -EINVAL;
}

static int set_folder(struct bench_server *s, char *value)
{
    s->folder = value;
    return *value ? 0 : -EINVAL;
}

static int set_cgroup(struct bench_server *s, char *value)
{
    s->server.processes.cgroup = value;
    return *value ? 0 : -EINVAL;
}

static const struct {
    const char *key;
    int (*set)(struct bench_server *, char *value);
} keys[] = { { "pid", set_pid }, { "folder", set_folder }, { "cgroup", set_cgroup } };

enum { KEYS = sizeof keys / sizeof *keys };

static int parse_key(struct bench_server *s, char *text, struct buf *err)
{
    char *value = strchr(text, '=');
    unsigned k = 0;

    if (value)
        *value++ = '\0';
    while (k < KEYS && strcmp(keys[k].key, text) != 0)
        k++;
    if (k < KEYS && value && keys[k].set(s, value) == 0)
        return 0;
    buf_printf(err, k < KEYS ? "%s: %s= wants a value that makes sense" : "%s: there is no key %s; there are pid, folder and cgroup",
               s->name, text);
    return -EINVAL;
}

static int copy(char *out, size_t cap, const char *text)
{
    if (strlen(text) >= cap)
        return -EINVAL;
    strcpy(out, text);
    return 0;
}

static int parse_address(struct bench_server *s, const char *url, struct buf *err)
{
    struct resolve found;
    struct target t;
    int rc = target_parse(span_of(url), &t);

    if (rc == 0)
        s->server.secure = t.tls ? SERVER_IMPLICIT : SERVER_PLAIN;
    if (rc == 0)
        rc = copy(s->server.host, sizeof s->server.host, t.host);
    if (rc == 0)
        rc = copy(s->server.user, sizeof s->server.user, t.has_user ? t.user : SERVER_STRANGER);
    if (rc == 0)
        rc = copy(s->server.password, sizeof s->server.password, t.has_password ? t.password : "bench@");
    if (rc == 0)
        rc = copy(s->server.path, sizeof s->server.path, t.path);
    if (rc < 0) {
        buf_printf(err, "%s: not an address such as ftp://user:password@127.0.0.1:2121/", s->name);
        return -EINVAL;
    }
    rc = resolve_host(t.host, t.port, &found);
    if (rc < 0) {
        buf_printf(err, "%s: the host %s is not found", s->name, t.host);
        return -ENOENT;
    }
    s->server.at = found.at[0];
    return 0;
}

/* The password, too, may hold anything but a comma: a URL has "%2C" for it. */
int bench_server_parse(char *text, struct bench_server *out, struct buf *err)
{
    char *url = strchr(text, '='), *rest;

    *out = (struct bench_server){ .name = text };
    if (url)
        *url++ = '\0';
    if (!url || !*text || strlen(text) > NAME_MAX_LEN || text[strspn(text, NAME_BYTES)]) {
        buf_printf(err, "%s: a server is given as NAME=URL, and a name is of at most %d letters, digits and . _ -", text,
                   NAME_MAX_LEN);
        return -EINVAL;
    }
    rest = strchr(url, ',');
    while (rest) {
        char *key = rest + 1;

        *rest = '\0';
        rest = strchr(key, ',');
        if (rest)
            *rest = '\0';
        TRY(parse_key(out, key, err));
    }
    if (out->server.processes.cgroup && !out->server.processes.pid) {
        buf_printf(err, "%s: cgroup= is for the processes of pid=, which is missing", out->name);
        return -EINVAL;
    }
    return parse_address(out, url, err);
}
