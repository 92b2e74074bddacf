/* announce: the rules of --passive-address (see announce.h). Opened by the front door; read by PASV of every session, in
 * whatever process, so it lies in shared memory. Owns that memory; the texts are the operator's. Fails with a sentence.
 *
 * Looking up a name may take seconds, and the answer is wanted in all processes of all models: a process of its own looks and
 * writes, sessions only read. It ends with the server. When it dies, the last answers stay. */
#include "io/announce.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "sys/proc.h"
#include "sys/resolve.h"
#include "wire/ip_net.h"

enum { EVERY = 300 /* s */ };

struct rule {
    bool bare;           /* for all that no network has, but for loopback */
    struct ip_net net;
    const char *name;    /* NULL: the address is fixed */
    _Atomic uint32_t ip; /* network order */
};

struct announce {
    unsigned n;
    struct rule rule[CONF_LIST_MAX];
};

/* ---- reading the rules ---- */

static int wrong(struct buf *err, const char *item, const char *why)
{
    buf_printf(err, _("--passive-address: \"%s\" %s"), item, _(why));
    return -EINVAL;
}

static int only_ipv4(struct buf *err, const char *item)
{
    return wrong(err, item, N_("is IPv6, but only PASV names an address, and that is for IPv4; EPSV needs nothing"));
}

static int look_up(const char *name, uint32_t *ip)
{
    struct resolve found;

    TRY(resolve_host(name, 0, &found));
    for (unsigned i = 0; i < found.count; i++) {
        if (found.at[i].any.sa_family == AF_INET) {
            *ip = found.at[i].in4.sin_addr.s_addr;
            return 0;
        }
    }
    return -ENOENT;
}

static const char *why_not(int rc)
{
    return rc == -ENOENT ? N_("names no host that has an IPv4 address") : N_("could not be looked up: no name server answers");
}

static int read_name(struct rule *r, const char *host, const char *item, struct buf *err)
{
    uint32_t ip;
    int rc;

    /* the resolver would take 10.1 for 10.0.0.1 */
    if (!*host || strspn(host, "0123456789.") == strlen(host) || strpbrk(host, "/=: "))
        return wrong(err, item, N_("is not an address (write 203.0.113.5, a host's name, or 10.0.0.0/8=10.1.2.3)"));
    rc = look_up(host, &ip);
    if (rc < 0)
        return wrong(err, item, why_not(rc));
    r->name = host;
    r->ip = ip;
    return 0;
}

static int read_host(struct rule *r, const char *host, const char *item, struct buf *err)
{
    struct sock_addr at;

    if (sock_addr_parse(host, 0, &at) < 0)
        return read_name(r, host, item, err);
    if (at.any.sa_family != AF_INET)
        return only_ipv4(err, item);
    if (!at.in4.sin_addr.s_addr)
        return wrong(err, item, N_("is no address that a client could connect to"));
    r->ip = at.in4.sin_addr.s_addr;
    return 0;
}

static int read_net(struct rule *r, struct span text, const char *item, struct buf *err)
{
    int rc = ip_net_parse(text, &r->net);

    if (rc == -ERANGE)
        return wrong(err, item, N_("does not begin where its network does (write 10.0.0.0/8, not 10.1.2.3/8)"));
    if (rc < 0)
        return wrong(err, item, N_("does not begin with a network (write 10.0.0.0/8=10.1.2.3)"));
    return r->net.len == 4 ? 0 : only_ipv4(err, item);
}

static bool has_bare(const struct announce *a)
{
    for (unsigned i = 0; i < a->n; i++)
        if (a->rule[i].bare)
            return true;
    return false;
}

static int read_rule(struct announce *a, const char *item, struct buf *err)
{
    struct rule *r = &a->rule[a->n];
    const char *equals = strchr(item, '=');

    if (!equals && has_bare(a))
        return wrong(err, item, N_("is the second without a network; one can be the default"));
    r->bare = !equals;
    if (equals)
        TRY(read_net(r, (struct span){ item, (size_t)(equals - item) }, item, err));
    TRY(read_host(r, equals ? equals + 1 : item, item, err));
    a->n++;
    return 0;
}

static int read_rules(struct announce *a, const struct conf_list *list, struct buf *err)
{
    for (unsigned i = 0; i < list->n; i++)
        TRY(read_rule(a, list->item[i], err));
    return 0;
}

int announce_open(const struct conf_list *list, struct announce **out, struct buf *err)
{
    CLEANUP(announce_close) struct announce *a = NULL;

    *out = NULL;
    if (!list->n)
        return 0;
    a = proc_shared(sizeof *a);
    if (!a) {
        buf_text(err, _("not enough memory for --passive-address"));
        return -EINVAL;
    }
    TRY(read_rules(a, list, err));
    *out = a;
    a = NULL;
    return 0;
}

void announce_close(struct announce **a)
{
    if (*a)
        proc_unshare(*a, sizeof **a);
    *a = NULL;
}

/* ---- asking them ---- */

static const struct rule *match(const struct announce *a, const unsigned char *ip, unsigned len)
{
    const struct rule *bare = NULL;

    for (unsigned i = 0; i < a->n; i++) {
        const struct rule *r = &a->rule[i];

        if (r->bare)
            bare = r;
        else if (ip_net_has(&r->net, ip, len) && (ip[0] != 127 || ip_net_is_loopback(&r->net)))
            return r;
    }
    return ip[0] == 127 ? NULL : bare;
}

bool announce_find(const struct announce *a, const struct sock_addr *peer, unsigned char out[4])
{
    const unsigned char *ip;
    unsigned len = sock_addr_bytes(peer, &ip);
    const struct rule *r = a && len == 4 ? match(a, ip, len) : NULL;
    uint32_t found;

    if (!r)
        return false;
    found = atomic_load_explicit(&r->ip, memory_order_relaxed);
    memcpy(out, &found, 4);
    return true;
}

/* ---- names ---- */

static int refresh(struct rule *r, const struct log *log)
{
    uint32_t ip;
    int rc = look_up(r->name, &ip);

    if (rc < 0)
        LOG(log, "passive-address", LOG_TEXT("name", span_of(r->name)), LOG_TEXT("why", span_of(why_not(rc))));
    else if (atomic_exchange(&r->ip, ip) != ip)
        LOG(log, "passive-address", LOG_TEXT("name", span_of(r->name)), LOG_TEXT("why", SPAN("it has moved")));
    return rc;
}

unsigned announce_refresh(struct announce *a, const struct log *log)
{
    unsigned failed = 0;

    for (unsigned i = 0; i < a->n; i++)
        failed += a->rule[i].name && refresh(&a->rule[i], log) < 0;
    return failed;
}

static _Noreturn void watch(struct announce *a, struct rt_stop stop, const struct log *log)
{
    struct rt_task task = rt_block_task(stop);

    rt_idle(&task, true);
    while (rt_sleep(&task, rt_after(&task, EVERY)) == 0)
        announce_refresh(a, log);
    proc_exit(0);
}

static bool has_names(const struct announce *a)
{
    for (unsigned i = 0; a && i < a->n; i++)
        if (a->rule[i].name)
            return true;
    return false;
}

int announce_watch(struct announce *a, struct rt_stop stop, struct listeners *listeners, const struct log *log)
{
    pid_t pid = has_names(a) ? proc_fork() : 1;

    if (pid == 0) {
        listen_close_all(listeners);
        watch(a, stop, log);
    }
    return pid < 0 ? (int)pid : 0;
}
