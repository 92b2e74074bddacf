/* serve_qr: the page's address as a QR code on the terminal, so that a phone beside it needs no typing (ISO/IEC 18004, by libqrencode).
 * Called by serve.c once everything is open; owns nothing. What cannot be drawn is left out: the address stands above in letters. */
#include <qrencode.h>
#include <stdio.h>
#include <string.h>

#include "base/say.h"
#include "cmd/serve_impl.h"
#include "sys/sock.h"
#include "sys/term.h"

enum { QUIET = 4, STDOUT = 1 };

/* How far an address reaches, as far as it tells. */
enum reach { NOWHERE, HERE, OTHERS_BY_IPV6, OTHERS };

static enum reach reach_of(const struct sock_addr *a)
{
    static const unsigned char here6[16] = { [15] = 1 };
    const unsigned char *b;
    unsigned len = sock_addr_bytes(a, &b);

    if (len == 4)
        return b[0] == 127 ? HERE : b[0] == 169 && b[1] == 254 ? NOWHERE : OTHERS;
    if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) /* link-local: means nothing without an interface, which no address of a page can name */
        return NOWHERE;
    return memcmp(b, here6, sizeof here6) == 0 ? HERE : OTHERS_BY_IPV6;
}

struct choice {
    struct sock_addr at;
    enum reach reach;
};

static void consider(struct choice *c, const struct sock_addr *at)
{
    enum reach reach = reach_of(at);

    if (reach <= c->reach)
        return;
    c->at = *at;
    c->reach = reach;
}

static void consider_text(void *arg, const char *host)
{
    struct sock_addr at;

    if (sock_addr_parse(host, 0, &at) == 0)
        consider(arg, &at);
}

/* Of a machine with many interfaces the one by which it reaches others: they will reach it there, if anywhere. */
static void consider_all(struct choice *c, int family)
{
    struct sock_addr at;

    if (sock_outward(family, &at) == 0)
        consider(c, &at);
    sock_each_local(family, consider_text, c);
}

static bool is_any(const struct sock_addr *a)
{
    static const unsigned char none[16];
    const unsigned char *b;
    unsigned len = sock_addr_bytes(a, &b);

    return memcmp(b, none, len) == 0;
}

static struct choice choose(const struct listeners *all)
{
    struct choice best = { .reach = NOWHERE };

    for (unsigned i = 0; i < all->n; i++) {
        const struct sock_addr *at = &all->l[i].at;
        struct choice c = { .reach = NOWHERE };

        if (all->l[i].service != SERVICE_HTTP)
            continue;
        if (is_any(at))
            consider_all(&c, at->any.sa_family);
        else
            consider(&c, at);
        sock_addr_set_port(&c.at, sock_addr_port(at));
        if (c.reach > best.reach)
            best = c;
    }
    return best;
}

static bool is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

/* Two rows in a line. Black and white are said as numbers of the colour cube, which no theme changes, and for every cell: what a terminal
 * calls black may be anything, and on a dark one the code would be inverted, which many cameras do not read. */
static void draw(const QRcode *code)
{
    static const char *const halves[] = { " ", "▄", "▀", "█" };

    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        fputs("\033[38;5;16m\033[48;5;231m", stdout);
        for (int x = -QUIET; x < code->width + QUIET; x++)
            fputs(halves[2 * is_dark(code, x, y) + is_dark(code, x, y + 1)], stdout);
        fputs("\033[0m\n", stdout);
    }
}

static void print(const struct choice *c)
{
    char host[64], url[100];
    struct buf h = BUF(host), u = BUF(url);
    QRcode *code;

    sock_addr_print(&h, &c->at);
    buf_printf(&u, strchr(buf_cstr(&h), ':') ? "http://[%s]:%u/" : "http://%s:%u/", buf_cstr(&h), sock_addr_port(&c->at));
    code = QRcode_encodeString8bit(buf_cstr(&u), 0, QR_ECLEVEL_L); /* a screen is clean: small is better */
    if (!code)
        return;
    if ((unsigned)code->width + 2 * QUIET <= term_width(STDOUT)) {
        printf("%s\n", buf_cstr(&u));
        draw(code);
    }
    QRcode_free(code);
}

int serve_qr_check(const struct conf *c)
{
    if (!c->qr || strcmp(c->qr, "auto") == 0 || strcmp(c->qr, "yes") == 0 || strcmp(c->qr, "no") == 0)
        return 0;
    return serve_complain(_("--qr: \"%s\" is none of auto, yes, no"), c->qr);
}

void serve_qr_print(const struct conf *c, const struct listeners *all)
{
    bool asked = c->qr && strcmp(c->qr, "yes") == 0;
    struct choice best = choose(all);

    if (c->qr && strcmp(c->qr, "no") == 0)
        return;
    if (best.reach > HERE ? asked || (term_is(STDOUT) && !c->quiet) : asked && best.reach == HERE)
        print(&best);
}
