/* session: begins and ends every session the same way (see session.h): a seat on the scoreboard, the control stream, the
 * protocol, the goodbye. Called by the models. Owns the control stream, the seat and the scratch memory, and gives all back
 * whatever happened in between. */
#include "proto/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "store/access.h"
#include "store/storage.h"
#include "sys/fs.h"
#include "sys/sock.h"

static void logout(struct session *s)
{
    store_leave(&s->store);
    account_drop(&s->account);
    s->store = store_bind(s->server->storage, s->task, "", 0);
    seat_account(s->seat, NULL, rt_now(s->task));
}

int session_login(struct session *s, const struct account *account)
{
    unsigned own;
    int rc;

    logout(s);
    if (!account)
        return 0;
    own = account->limits.sessions;
    s->account = account;
    s->store = store_bind(s->server->storage, s->task, account->name, account->rights.base);
    if (account->rights.rules.len || !(account->rights.base & RIGHT_READ))
        s->store.rules = &account->rights;
    if (account == &s->server->auth->anonymous) /* strangers do not go on with each other's uploads where they see nothing */
        s->store.key = fs_random() | 1;
    rc = account->home ? store_enter(&s->store, account->home) : 0;
    if (rc == 0)
        rc = seat_login(s->seat, account->name, own ? own : s->server->conf->max_per_account, rt_now(s->task));
    if (rc < 0)
        logout(s);
    return rc;
}

static int64_t account_rate(const struct session *s, unsigned way)
{
    int64_t own = way == RATE_DOWN ? s->account->limits.down : s->account->limits.up;

    return s->server->rates ? rates_of_account(s->server->rates, span_of(s->account->name), way, own) : own;
}

struct pace session_pace(struct session *s, unsigned way)
{
    const struct rates *r = s->server->rates;
    int64_t account = s->account ? account_rate(s, way) : 0;
    struct pace p = { 0 };

    if (r && r->server.way[way])
        pace_add(&p, board_pace(s->server->board, way), r->server.way[way]);
    if (account)
        pace_add(&p, board_account_pace(s->server->board, s->account->name, way, rt_now(s->task)), account);
    if (r)
        pace_add(&p, &s->pace[way], r->session.way[way]);
    return p;
}

static struct guest guest(const struct session *s)
{
    struct guest g = { .port = sock_addr_port(&s->arrival->peer), .now = rt_now(s->task) };

    g.addr_len = sock_addr_bytes(&s->arrival->peer, &g.addr);
    return g;
}

static struct ban_rules rules(const struct session *s)
{
    return (struct ban_rules){ s->server->conf->ban_after, s->server->conf->ban_time };
}

struct ban_verdict session_failed(struct session *s, struct span name)
{
    struct guest g = guest(s);

    return ban_failed(s->server->board, rules(s), &g, name);
}

unsigned session_passed(struct session *s, struct span name)
{
    struct guest g = guest(s);

    return ban_passed(s->server->board, rules(s), &g, name);
}

bool session_banned(struct session *s)
{
    struct guest g = guest(s);
    unsigned over;
    bool holds = s->server->conf->ban_after && ban_holds(s->server->board, &g, &over);

    if (s->server->conf->ban_after && !holds && over)
        LOG(s->server->log, "ban-over", LOG_TEXT("peer", span_of(s->peer)), LOG_NUMBER("refused", over));
    return holds;
}

void session_unable(struct session *s, struct span name, int rc)
{
    LOG(s->server->log, "no-login", LOG_TEXT("peer", span_of(s->peer)), LOG_TEXT("user", name),
        LOG_TEXT("why", rc == -EPIPE ? SPAN("the broker of system users is gone; restart the server") : span_of(err_text(rc))));
}

static APART int take_seat(struct session *s)
{
    struct guest g = guest(s);

    return seat_take(s->server->board, &g, s->server->conf->max_per_address, &s->seat);
}

static APART void note(const struct session *s, const char *event, const char *key, const char *value)
{
    LOG(s->server->log, event, LOG_TEXT("peer", span_of(s->peer)), LOG_TEXT(key, span_of(value)));
}

static int run(struct session *s)
{
    const struct service *service = s->server->services[s->arrival->service];
    int rc;

    if (session_banned(s)) { /* without a seat, a line in the log, or waiting for him */
        io_deadline(s->control, rt_after(s->task, 1));
        io_put(s->control, span_of(service->banned));
        return io_close(&s->control);
    }
    rc = take_seat(s);
    if (rc < 0) {
        note(s, "refused", "why", err_text(rc));
        io_deadline(s->control, rt_after(s->task, 5));
        io_put(s->control, span_of(service->refuse));
        return rc;
    }
    note(s, "connect", "service", service->name);
    rc = service->run(s);
    note(s, "end", "service", service->name);
    return rc;
}

static APART char *peer_text(const struct sock_addr *peer)
{
    char text[64];
    struct buf b = BUF(text);

    sock_addr_print(&b, peer);
    return strdup(buf_cstr(&b));
}

int64_t session_chores(struct rt_task *task, void *ctx)
{
    const struct server *server = ctx;

    return store_chores(server->storage, task);
}

void session_main(struct rt_task *task, const struct arrival *client, void *ctx)
{
    struct session s = { .task = task, .server = ctx, .arrival = client };

    if (io_socket(task, client->fd, &s.control) < 0)
        return;
    s.peer = peer_text(&client->peer);
    session_login(&s, NULL);
    if (s.peer)
        run(&s);
    logout(&s);
    seat_leave(&s.seat);
    arena_reset(&s.scratch);
    free(s.peer);
    if (s.control)
        io_close_politely(&s.control);
}

bool session_spent(void *ctx)
{
    const struct server *server = ctx;

    return auth_changed(server->auth);
}
