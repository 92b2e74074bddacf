/* peer: the client of fuzz_session. It logs in if it is to, says the script line by line or in chunks, reads what comes, opens the
 * data connections that are announced, accepts those of PORT, and ends everything in the way that the input chose. A line of the
 * script that begins with '!' is no command but something that it does (actions below). Called by stage.c whenever the session waits.
 * Checks on the way that every command got exactly one last reply. */
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "world.h"

enum { SERVER_PORT = 2121, ACTIVE_PORT = 5000, READ_MAX = 8192 };

static struct {
    struct choice c;
    char prelude[200];
    struct span say, script, payloads, payload; /* say: what is left of the prelude, then of the script */
    struct line control, data;
    struct replies replies;
    struct sock_addr host, thief, server;
    int listener;
    unsigned lines;    /* commands that the server should have answered */
    unsigned waits_for; /* replies that must have come before the next line is said */
    unsigned transfers;
    bool in_prelude, over, broken, deaf, data_deaf, data_said, secured, late;
} peer;

/* FUZZ_SHOW=1, with one input: what is said. */
static void show(const char *who, const char *at, size_t n)
{
    if (getenv("FUZZ_SHOW"))
        fprintf(stderr, "%s %.*s%s", who, (int)n, at, n && at[n - 1] == '\n' ? "" : "\n");
}

/* ---- beginning ---- */

static void choose_addresses(void)
{
    unsigned char ip[16] = { 10, 0, 0, 2 }, thief[16] = { 10, 0, 0, 3 }, server[16] = { 10, 0, 0, 1 };
    unsigned len = peer.c.ipv6 ? 16 : 4;

    sock_addr_make(ip, len, 0, &peer.host);
    sock_addr_make(thief, len, 0, &peer.thief);
    sock_addr_make(server, len, SERVER_PORT, &peer.server);
}

static void write_prelude(void)
{
    struct buf b = BUF(peer.prelude);

    if (peer.c.auth && !peer.c.ftps)
        buf_text(&b, "AUTH TLS\r\n");
    if (peer.c.rights)
        buf_text(&b, "USER bob\r\nPASS x\r\n");
    if (peer.c.data_tls)
        buf_text(&b, "PBSZ 0\r\nPROT P\r\n");
    peer.in_prelude = b.len;
    peer.say = b.len ? buf_span(&b) : peer.script;
}

static void arrive(struct arrival *a)
{
    int door = net_socket(true, peer.server.any.sa_family);
    int fd;

    CHECK(door >= 0 && net_bind(door, &peer.server) == 0 && net_listen(door, 1) == 0);
    line_connect(&peer.control, &peer.host, &peer.server);
    stage_pass(1);
    fd = net_accept(door, NULL);
    CHECK(fd >= 0 && net_local(fd, &a->local) == 0 && net_peer(fd, &a->peer) == 0);
    sock_close(door);
    a->fd = fd;
    a->service = peer.c.ftps;
}

static void listen_for_data(void)
{
    struct sock_addr at = peer.host;

    sock_addr_set_port(&at, ACTIVE_PORT);
    peer.listener = net_socket(false, at.any.sa_family);
    CHECK(net_bind(peer.listener, &at) == 0 && net_listen(peer.listener, 2) == 0);
}

/* The input's sections: what is said, then what is sent over each data connection. */
static struct span section(struct span *rest)
{
    static const char between[] = "\n---\n";
    const char *at = rest->len ? memmem(rest->at, rest->len, between, 5) : NULL;
    struct span one = *rest;

    if (at)
        one.len = (size_t)(at - rest->at) + 1;
    *rest = span_from(*rest, at ? one.len + 4 : one.len);
    return one;
}

void peer_begin(const struct choice *c, struct span script, struct arrival *a)
{
    memset(&peer, 0, sizeof peer);
    peer.c = *c;
    peer.control.fd = peer.data.fd = -1;
    peer.payloads = script;
    peer.script = section(&peer.payloads);
    choose_addresses();
    write_prelude();
    listen_for_data();
    arrive(a);
    if (c->ftps && c->client_tls)
        line_secure(&peer.control, c, NULL);
    peer.broken = c->ftps && !c->client_tls; /* what comes are alerts, no replies */
}

/* ---- listening ---- */

static bool whole(const struct line *l)
{
    return !l->spoiled && !l->broken;
}

static void read_replies(const char *at, size_t n)
{
    replies_feed(&peer.replies, at, n);
    if (peer.replies.last != 234 || peer.secured || peer.control.ssl)
        return;
    peer.secured = true;
    peer.lines = peer.replies.finals - 1; /* what was said in the clear behind it is thrown away */
    if (peer.c.client_tls)
        line_secure(&peer.control, &peer.c, NULL);
    else
        peer.broken = true; /* what follows is TLS, or nothing */
}

static bool hear(void)
{
    char buf[READ_MAX];
    bool ended = peer.control.ended, moved = false;
    size_t n = peer.deaf || ended ? 0 : line_read(&peer.control, buf, sizeof buf, &moved);

    if (n && !peer.broken)
        read_replies(buf, n);
    if (n)
        show("<", buf, n);
    return n || moved || ended != peer.control.ended;
}

/* ---- data connections ---- */

static enum data_end data_end(void)
{
    return (enum data_end)peer.c.data_end[peer.transfers > 1];
}

static void begin_data(void)
{
    peer.transfers++;
    peer.data_said = false;
    peer.payload = section(&peer.payloads);
    if (peer.c.data_tls && peer.control.ssl)
        line_secure(&peer.data, &peer.c, &peer.control);
}

static bool open_data(void)
{
    struct sock_addr to = peer.server, other;

    if (peer.data.fd >= 0)
        return false;
    if (net_ready(peer.listener, POLLIN, world_now())) {
        peer.data.fd = net_accept(peer.listener, &other);
        begin_data();
        return true;
    }
    if (!peer.replies.port)
        return false;
    sock_addr_set_port(&to, (uint16_t)peer.replies.port);
    peer.replies.port = 0;
    peer.transfers += data_end() == DATA_NEVER;
    if (data_end() == DATA_NEVER)
        return false;
    line_connect(&peer.data, data_end() == DATA_THIEF ? &peer.thief : &peer.host, &to);
    begin_data();
    return true;
}

static bool end_data(void)
{
    peer.data_said = true;
    switch (data_end()) {
    case DATA_CLOSE:
    case DATA_RESET:
        line_close(&peer.data, data_end() == DATA_RESET);
        return true;
    case DATA_STALL:
        return false;
    default:
        if (data_end() == DATA_TORN && peer.data.ssl) /* the head of a record that says more than comes */
            net_send(peer.data.fd, "\x17\x03\x03\x01\x00half", 9);
        line_fin(&peer.data, data_end() != DATA_NO_NOTIFY && data_end() != DATA_TORN);
    }
    return true;
}

static bool send_data(void)
{
    size_t n = peer.c.chunk && peer.c.chunk < peer.payload.len ? peer.c.chunk : peer.payload.len;

    if (peer.data_said || !line_free(&peer.data))
        return false;
    if (!n)
        return end_data();
    n = n < READ_MAX / 4 ? n : READ_MAX / 4;
    line_write(&peer.data, peer.payload.at, n);
    peer.payload = span_from(peer.payload, n);
    line_pump(&peer.data, &peer.c);
    return true;
}

static bool step_data(void)
{
    char buf[READ_MAX];
    bool moved, came = false;

    if (peer.data.fd < 0)
        return open_data();
    moved = line_pump(&peer.data, &peer.c);
    moved = (!peer.data_deaf && line_read(&peer.data, buf, sizeof buf, &came) > 0) || came || moved;
    if (peer.data.ended) {
        line_close(&peer.data, false);
        return true;
    }
    return send_data() || moved;
}

/* ---- what it does beside speaking ---- */

static void act_cut(char how)
{
    peer.broken = true;
    if (how == 'f')
        line_fin(&peer.control, true);
    else
        line_close(&peer.control, how == 'r');
    peer.over = true;
}

static void act_data(char how)
{
    line_close(&peer.data, how == 'x');
}

static void act_time(char how)
{
    peer.late = true; /* it may be that nothing was read for too long */
    stage_pass(how == 't' ? 20 : 400);
}

static void act_stop(char how)
{
    peer.broken = true; /* a goodbye comes instead of an answer */
    stage_stop(how == 'S');
}

static void act_deaf(char how)
{
    bool *deaf = how == 'h' ? &peer.deaf : &peer.data_deaf;

    *deaf = !*deaf;
}

static void act_tls(char how)
{
    if (!peer.control.ssl || !peer.control.shaken)
        return;
    peer.broken = true;
    if (how == 'k')
        SSL_key_update(peer.control.ssl, SSL_KEY_UPDATE_REQUESTED);
    else if (how == 'g')
        SSL_renegotiate(peer.control.ssl);
    else
        SSL_shutdown(peer.control.ssl);
    if (how != 'n')
        SSL_do_handshake(peer.control.ssl);
}

/* TLS or not, these bytes go as they are. */
static void act_raw(struct span bytes)
{
    peer.broken = true;
    if (peer.control.fd >= 0 && !peer.control.connecting)
        net_send(peer.control.fd, bytes.at, bytes.len);
}

static const struct {
    char word;
    void (*act)(char);
} actions[] = {
    { 'f', act_cut }, { 'c', act_cut }, { 'r', act_cut }, { 'd', act_data }, { 'x', act_data }, { 't', act_time }, { 'T', act_time },
    { 's', act_stop }, { 'S', act_stop }, { 'h', act_deaf }, { 'q', act_deaf }, { 'k', act_tls }, { 'g', act_tls }, { 'n', act_tls },
};

static void act(struct span line)
{
    char word = line.len > 1 ? line.at[1] : 0;

    if (word == 'w')
        act_raw(span_from(line, 2));
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (actions[i].word == word)
            actions[i].act(word);
}

/* ---- speaking ---- */

static void end_script(void)
{
    peer.over = true;
    if (peer.c.end == SCRIPT_FIN)
        line_fin(&peer.control, true);
    else if (peer.c.end != SCRIPT_SILENT)
        act_cut(peer.c.end == SCRIPT_RESET ? 'r' : 'c');
}

/* The next line, or a piece of it. */
static struct span piece(void)
{
    struct span s = peer.say;
    const char *lf = memchr(s.at, '\n', s.len);
    size_t most = peer.c.chunk && !peer.in_prelude ? peer.c.chunk : 2000;

    s.len = lf && (s.at[0] == '!' || !peer.c.chunk || peer.in_prelude) ? (size_t)(lf - s.at) + 1 : s.len;
    s.len = s.len < most || s.at[0] == '!' ? s.len : most;
    return s;
}

static void say(void)
{
    struct span s = piece();

    show(">", s.at, s.len);
    peer.say = span_from(peer.say, s.len);
    if (s.at[0] == '!' && !peer.in_prelude) {
        act(s);
        return;
    }
    for (size_t i = 0; i < s.len; i++)
        peer.lines += s.at[i] == '\n';
    peer.waits_for = peer.in_prelude ? 1 + peer.lines : 0;
    line_write(&peer.control, s.at, s.len);
    line_pump(&peer.control, &peer.c);
}

static bool speak(void)
{
    if (peer.over || peer.replies.finals < peer.waits_for || (peer.in_prelude && !peer.replies.finals))
        return false;
    if (!line_free(&peer.control))
        return false;
    if (!peer.say.len && peer.in_prelude) {
        peer.in_prelude = false;
        peer.say = peer.script;
    }
    if (peer.say.len)
        say();
    else
        end_script();
    return true;
}

/* When nothing is on its way, everything that was said was heard and answered: then there are as many replies as commands, and one greeting. */
static void count_replies(void)
{
    bool said = net_next(world_now()) == RT_NEVER;

    said = said && (!peer.control.ssl || (peer.control.shaken && !BIO_pending(SSL_get_wbio(peer.control.ssl))));
    if (!peer.broken && !peer.deaf && !peer.over && said && whole(&peer.control) && peer.control.from == peer.control.to)
        CHECK(peer.replies.finals == 1 + peer.lines);
}

bool peer_step(bool quiet)
{
    bool moved = line_pump(&peer.control, &peer.c);

    moved = hear() || moved;
    moved = step_data() || moved;
    if (moved)
        return true;
    if (quiet)
        count_replies();
    return speak();
}

/* What the session said last may still be under way. */
static bool wait_for_more(void)
{
    if (net_next(world_now()) == RT_NEVER)
        return false;
    stage_pass(1);
    return true;
}

void peer_end(void)
{
    for (unsigned i = 0; i < 10000 && (hear() || wait_for_more()); i++)
        ;
    if (!peer.broken && !peer.deaf && !peer.over && !peer.late && whole(&peer.control))
        CHECK(!peer.replies.open && !peer.replies.len);
    line_close(&peer.control, false);
    line_close(&peer.data, false);
    net_close(peer.listener);
}
