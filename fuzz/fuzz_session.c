/* session: whole FTP sessions, unchanged, from the door to the goodbye, TLS included: over a network, a clock and a store in memory.
 * Whatever a client says and however it ends: every reply is one, every command gets one, rights hold, the session ends, and
 * nothing is left of it: no descriptor, seat, lease, claim, node or byte of the store. session/session.h describes an input. */
#include "fuzz.h"
#include "session/session.h"
#include "store/storage.h"

static struct {
    struct storage storage;
    struct conf conf;
    struct auth auth;
    struct log log;
    struct board *board;
    struct tls *tls;
    bool ready;
} stage;

static void prepare(void)
{
    char text[200], *pem;
    struct buf err = BUF(text);

    stage.conf = (struct conf){ .idle_timeout = 300, .login_timeout = 60, .data_timeout = 60, .read_only = true,
                                .account = { 1, { "bob:x:write" } } };
    stage.log.fd = 99999;
    stage.board = board_new(4);
    CHECK(stage.board && auth_init(&stage.auth, &stage.conf, &err) == 0);
    stage_begin(&(struct choice){ .seed = 1 });
    line_prepare();
    pem = tls_cert_make();
    CHECK(pem && tls_new(pem, pem, &stage.tls, &err) == 0);
    free(pem);
    files_open(&stage.storage);
    stage.ready = true;
}

static struct choice choose(const uint8_t *h)
{
    static const unsigned windows[] = { NET_WINDOW, 4096, 16384, 1000 }, torn[] = { 0, 100, 500, 900 };

    return (struct choice){
        .ftps = h[0] & 1, .client_tls = h[0] & 2, .auth = h[0] & 4, .data_tls = h[0] & 8, .tls12 = h[0] & 16, .ipv6 = h[0] & 32,
        .json = h[0] & 64, .hidden = h[0] & 128,
        .rights = h[1] & 3, .end = h[1] >> 2 & 3, .durable = h[1] & 16, .spoil_cut = h[1] & 32,
        .chunk = h[2],
        .data_end = { h[3] & 7, h[3] >> 3 & 7 }, .eager = h[3] & 64 ? 300 : 0,
        .rules = { .login = h[4] & 1, .data = h[4] & 2, .resume = h[4] & 4, .strict = h[4] & 8 },
        .pace = { .window = windows[h[5] & 3], .torn = torn[h[5] >> 2 & 3], .delay = h[5] & 16 ? 5000000 : 0 },
        .seed = h[6], .spoil_at = h[7] + (h[8] & 63u) * 256,
    };
}

static unsigned rights_of(const struct choice *c)
{
    static const unsigned rights[] = { RIGHTS_WRITE, RIGHTS_READ, RIGHTS_ADD, RIGHTS_WRITE };

    return rights[c->rights];
}

static void play(const struct choice *c, struct span script)
{
    static const struct service *const services[] = { &ftp_service, &ftps_service };
    struct rt_task task = { .ops = &stage_ops, .stop = { -1, -1 } };
    struct arrival arrival = { 0 };
    struct server server = { .conf = &stage.conf, .auth = &stage.auth, .storage = &stage.storage, .board = stage.board,
                             .log = &stage.log, .tls = stage.tls, .rules = c->rules, .services = services,
                             .passive = passive_new(0, 0, 1) };

    CHECK(server.passive);
    peer_begin(c, script, &arrival);
    session_main(&task, &arrival, &server);
    peer_end();
    passive_free(&server.passive);
    CHECK(net_open() == 0 && board_count(stage.board) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choice c;

    if (size < CHOICE_BYTES)
        return 0;
    if (!stage.ready)
        prepare();
    c = choose(data);
    stage_begin(&c);
    net_begin(&c.pace, 0);
    stage.log.json = c.json;
    stage.storage.durable = c.durable;
    stage.auth.account[0].rights.base = rights_of(&c);
    files_fill(&stage.storage);
    stage.storage.hidden = c.hidden;
    play(&c, fuzz_span(data + CHOICE_BYTES, size - CHOICE_BYTES));
    files_check(&stage.storage, rights_of(&c));
    return 0;
}
