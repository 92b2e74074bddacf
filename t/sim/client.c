/* client: speaks FTP as a client does (RFC 959), from inside the simulation, and is strict about what it hears: every reply is
 * whole, well-formed, and comes in time. Owns its sockets. */
#include "client.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/sock.h"
#include "world.h"

enum { PATIENCE = 500 }; /* s: longer than any time-out of the server's */

uint64_t client_below(struct client *c, uint64_t n)
{
    return n ? sim_next(&c->luck) % n : 0;
}

bool client_chance(struct client *c, unsigned per_cent)
{
    return client_below(c, 100) < per_cent;
}

static int64_t patience(const struct client *c)
{
    return rt_after(c->task, PATIENCE);
}

/* ---- lines ---- */

static void lose(struct client *c, const char *why)
{
    c->lost = true;
    world_note("client %u: %s", c->id, why);
    if (c->calm && !c->rude)
        world_fail("client %u: the server hung up: %s", c->id, why);
}

static void send_pieces(struct client *c, const char *at, size_t len)
{
    while (len && !c->lost) {
        size_t piece = client_chance(c, 20) ? 1 + client_below(c, len) : len;
        ssize_t n = rt_send(c->task, c->control, -1, at, piece, patience(c));

        if (n < 0) {
            lose(c, "sending failed");
            return;
        }
        at += n;
        len -= (size_t)n;
    }
}

void client_say(struct client *c, const char *fmt, ...)
{
    char line[512];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(line, sizeof line - 2, fmt, args);
    va_end(args);
    world_note("client %u> %s", c->id, line);
    memcpy(line + n, "\r\n", 2);
    send_pieces(c, line, (size_t)n + 2);
}

/* More bytes of replies; false: there are no more. */
static bool fill(struct client *c)
{
    ssize_t n;

    if (c->from) {
        memmove(c->in, c->in + c->from, c->to - c->from);
        c->to -= c->from;
        c->from = 0;
    }
    if (c->to == sizeof c->in)
        world_fail("client %u: a line of more than %zu bytes", c->id, sizeof c->in);
    n = rt_recv(c->task, c->control, -1, c->in + c->to, sizeof c->in - c->to, patience(c));
    if (n == -ETIMEDOUT)
        world_fail("client %u: no reply for %d s", c->id, PATIENCE);
    if (n <= 0) {
        if (n == 0 && c->to && c->calm && !c->rude)
            world_fail("client %u: the last reply is cut: %.*s", c->id, (int)c->to, c->in);
        lose(c, n == 0 ? "end" : "reset");
        return false;
    }
    c->to += (unsigned)n;
    return true;
}

/* One line behind c->text; false: there is none any more. */
static bool line(struct client *c, char **start, unsigned *len)
{
    const char *end;

    while (!(end = memchr(c->in + c->from, '\n', c->to - c->from)))
        if (!fill(c))
            return false;
    *start = c->in + c->from;
    *len = (unsigned)(end - *start) + 1;
    c->from += *len;
    if (*len < 2 || end[-1] != '\r' || memchr(*start, '\0', *len))
        world_fail("client %u: a malformed line: %.*s", c->id, (int)*len, *start);
    *len -= 2;
    return true;
}

static int code_of(const char *at, unsigned len)
{
    if (len < 4 || !isdigit((unsigned char)at[0]) || !isdigit((unsigned char)at[1]) || !isdigit((unsigned char)at[2]))
        return 0;
    return at[0] >= '1' && at[0] <= '5' ? (at[0] - '0') * 100 + (at[1] - '0') * 10 + at[2] - '0' : 0;
}

static void keep_text(struct client *c, const char *at, unsigned len)
{
    if (c->text_len + len + 2 > sizeof c->text)
        world_fail("client %u: a reply of more than %zu bytes", c->id, sizeof c->text);
    memcpy(c->text + c->text_len, at, len);
    c->text_len += len;
    c->text[c->text_len++] = '\n';
    c->text[c->text_len] = '\0';
}

int client_hear(struct client *c)
{
    unsigned len;
    char *at;
    int code;

    c->text_len = 0;
    if (c->lost || !line(c, &at, &len))
        return 0;
    code = code_of(at, len);
    if (!code || (at[3] != ' ' && at[3] != '-'))
        world_fail("client %u: no reply: %.*s", c->id, (int)len, at);
    world_note("client %u< %.*s", c->id, (int)len, at);
    keep_text(c, at, len);
    for (bool more = at[3] == '-'; more; more = code_of(at, len) != code || at[3] != ' ') {
        if (!line(c, &at, &len))
            return 0;
        keep_text(c, at, len);
    }
    if (code == 421) {
        c->rude = true;
        world_note("client %u: sent away", c->id);
    }
    return code;
}

int client_hear_final(struct client *c)
{
    int code = client_hear(c);

    while (code == 200 && c->noops) {
        c->noops--;
        code = client_hear(c);
    }
    return code;
}

/* ---- connections ---- */

static int open_from(struct client *c, const struct sock_addr *from, const struct sock_addr *to)
{
    int fd = sock_stream(AF_INET, from), rc;

    if (fd < 0)
        return fd;
    rc = rt_connect(c->task, fd, -1, to, sock_addr_len(to), patience(c));
    if (rc < 0)
        close(fd);
    return rc < 0 ? rc : fd;
}

static int open_to(struct client *c, const struct sock_addr *to)
{
    return open_from(c, &c->host, to);
}

bool client_connect(struct client *c)
{
    struct sock_addr own;

    c->lost = c->rude = c->text_mode = false;
    c->from = c->to = c->noops = 0;
    c->control = open_to(c, &c->server);
    if (c->control < 0) {
        c->control = -1;
        return false;
    }
    sock_local(c->control, &own);
    c->session = sock_addr_port(&own);
    world_note("client %u: session %u", c->id, c->session);
    return true;
}

static void drop(int *fd, bool reset)
{
    if (*fd >= 0 && reset)
        sock_reset_on_close(*fd);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void client_close_data(struct client *c, bool reset)
{
    drop(&c->data, reset);
    drop(&c->listener, false);
}

void client_leave(struct client *c, bool reset)
{
    world_note("client %u: leaves%s", c->id, reset ? " by reset" : "");
    c->rude = c->lost = true;
    drop(&c->control, reset);
    client_close_data(c, reset);
}

/* ---- the data connection ---- */

static bool passive(struct client *c, bool extended)
{
    unsigned h[4], p[2];
    const char *at;

    client_say(c, extended ? "EPSV" : "PASV");
    if (client_hear(c) != (extended ? 229 : 227))
        return false;
    at = strchr(c->text, '(');
    if (extended)
        p[0] = 0, p[1] = at ? (unsigned)strtoul(at + 4, NULL, 10) : 0;
    else if (!at || sscanf(at, "(%u,%u,%u,%u,%u,%u)", h, h + 1, h + 2, h + 3, p, p + 1) != 6)
        world_fail("client %u: %s", c->id, c->text);
    c->data_at = c->server;
    sock_addr_set_port(&c->data_at, (uint16_t)(p[0] * 256 + p[1]));
    return true;
}

static bool active(struct client *c, bool extended)
{
    struct sock_addr at = c->host;
    const unsigned char *ip;
    unsigned port;

    sock_addr_set_port(&at, 0);
    c->listener = sock_listen(&at, 1, false);
    sock_local(c->listener, &at);
    port = sock_addr_port(&at);
    sock_addr_bytes(&at, &ip);
    if (extended)
        client_say(c, "EPRT |1|%u.%u.%u.%u|%u|", ip[0], ip[1], ip[2], ip[3], port);
    else
        client_say(c, "PORT %u,%u,%u,%u,%u,%u", ip[0], ip[1], ip[2], ip[3], port / 256, port % 256);
    return client_hear(c) == 200;
}

bool client_arrange(struct client *c)
{
    bool extended = client_chance(c, 50);

    client_close_data(c, false);
    return client_chance(c, 70) ? passive(c, extended) : active(c, extended);
}

/* Somebody else is faster. */
static void come_as_stranger(struct client *c)
{
    unsigned char ip[4] = { 10, 0, 1, 1 };
    struct sock_addr from;
    int fd;

    sock_addr_make(ip, 4, 0, &from);
    fd = open_from(c, &from, &c->data_at);
    if (fd < 0)
        return;
    rt_send(c->task, fd, -1, "stranger", 8, rt_after(c->task, 10));
    close(fd);
}

bool client_open_data(struct client *c)
{
    struct sock_addr peer;

    if (c->data >= 0)
        return true;
    if (c->listener < 0 && client_chance(c, 10))
        come_as_stranger(c);
    c->data = c->listener >= 0 ? rt_accept(c->task, c->listener, -1, &peer, rt_after(c->task, 20)) : open_to(c, &c->data_at);
    if (c->data < 0)
        c->data = -1;
    return c->data >= 0;
}

/* ---- the whole of it ---- */

static bool log_in(struct client *c)
{
    if (client_hear(c) != 220)
        return false;
    client_say(c, "USER %s", oracle_accounts[c->account]);
    if (client_hear(c) != 331)
        return false;
    client_say(c, "PASS secret");
    if (client_hear(c) != 230)
        return false;
    client_say(c, "OPTS MLST type;size;modify;perm;"); /* not the inode: its length depends on what else this machine does */
    if (client_hear(c) != 200)
        return false;
    client_say(c, "TYPE I");
    return client_hear(c) == 200;
}

static void say_goodbye(struct client *c)
{
    if (c->lost || client_chance(c, 25)) {
        client_leave(c, client_chance(c, 50));
        return;
    }
    client_say(c, "QUIT");
    if (client_hear(c) == 221) {
        c->rude = true;
        if (client_hear(c))
            world_fail("client %u: something after the goodbye: %s", c->id, c->text);
    }
    client_leave(c, false);
}

void client_run(struct rt_task *task, void *arg)
{
    struct client *c = arg;

    c->task = task;
    c->control = c->data = c->listener = -1;
    for (unsigned tries = 0; c->ops && tries < 6; tries++) {
        rt_sleep(task, rt_now(task) + (int64_t)client_below(c, RT_SECONDS(2)));
        if (!client_connect(c))
            continue;
        for (bool in = log_in(c); in && c->ops && !c->lost; c->ops--)
            script_step(c);
        say_goodbye(c);
    }
}
