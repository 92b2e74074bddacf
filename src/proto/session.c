/* session: begins and ends every session the same way (see session.h): a seat on the scoreboard, the control stream, the
 * protocol, the goodbye. Called by the models. Owns the control stream, the seat and the scratch memory, and gives all back
 * whatever happened in between. */
#include "proto/session.h"


#include "base/err.h"
#include "sys/sock.h"

void session_login(struct session *s, const struct account *account)
{
    s->account = account;
    s->store = store_bind(s->server->storage, s->task, account ? account->rights : 0);
}

static int take_seat(struct session *s)
{
    const unsigned char *addr;
    unsigned len = sock_addr_bytes(&s->arrival->peer, &addr);

    return seat_take(s->server->board, addr, len, s->server->conf->max_per_address, &s->seat);
}

static int run(struct session *s)
{
    const struct service *service = s->server->services[s->arrival->service];
    int rc = take_seat(s);

    if (rc < 0) {
        LOG(s->server->log, "refused", LOG_TEXT("peer", span_of(s->peer)), LOG_TEXT("why", span_of(err_text(rc))));
        io_deadline(s->control, rt_after(s->task, 5));
        io_put(s->control, span_of(service->refuse));
        return rc;
    }
    LOG(s->server->log, "connect", LOG_TEXT("peer", span_of(s->peer)), LOG_TEXT("service", span_of(service->name)));
    rc = service->run(s);
    LOG(s->server->log, "end", LOG_TEXT("peer", span_of(s->peer)));
    return rc;
}

void session_main(struct rt_task *task, const struct arrival *client, void *ctx)
{
    struct session s = { .task = task, .server = ctx, .arrival = client };
    struct buf peer = BUF(s.peer);

    sock_addr_print(&peer, &client->peer);
    buf_cstr(&peer);
    sock_tune_control(client->fd);
    if (io_socket(task, client->fd, &s.control) < 0)
        return;
    session_login(&s, NULL);
    run(&s);
    seat_leave(&s.seat);
    arena_reset(&s.scratch);
    io_close_politely(&s.control);
}
