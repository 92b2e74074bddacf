/* status_print: the two forms of `dray status` (see status_print.h). Called by status.c; owns nothing, cannot fail
 * but by a full standard output, which the caller hears of. The JSON members are documented in man/dray.1: add,
 * never rename. */
#include "cmd/status_print.h"

#include <stdio.h>
#include <time.h>

#include "base/say.h"
#include "client/ui.h"
#include "obs/bans.h"
#include "obs/board.h"
#include "obs/board_file.h"
#include "sys/clock.h"
#include "sys/sock.h"
#include "wire/text.h"

enum { SECOND = 1000000000 };

static void put(struct buf *line)
{
    fputs(buf_cstr(line), stdout);
    line->len = 0;
    line->over = false;
}

/* The clock of the board is monotonic: only the difference to now means something to people. */
static void print_when(struct buf *b, int64_t mono)
{
    time_t when = clock_wall() - (clock_mono() - mono) / SECOND;
    struct tm tm;
    char text[32];

    gmtime_r(&when, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_text(b, text);
}

static void print_addr(struct buf *b, const unsigned char *addr, unsigned len)
{
    struct sock_addr a;

    sock_addr_make(addr, len, 0, &a);
    sock_addr_print(b, &a);
}

static void print_host(struct buf *b, const struct seat_view *v)
{
    print_addr(b, v->addr, v->addr_len);
}

static double seconds_since(int64_t mono)
{
    int64_t ns = clock_mono() - mono;

    return ns > 0 ? (double)ns / SECOND : 0;
}

/* Bytes a second since it began. */
static int64_t rate(const struct seat_view *v)
{
    double s = seconds_since(v->doing_since);

    return s > 0 ? (int64_t)((double)v->bytes / s) : 0;
}

static bool moves(const struct seat_view *v)
{
    return v->doing >= SEAT_LISTING;
}

/* ---- for people ---- */

static void text_peer(struct buf *b, const struct seat_view *v)
{
    buf_text(b, v->addr_len == 16 ? "[" : "");
    print_host(b, v);
    buf_printf(b, "%s:%u", v->addr_len == 16 ? "]" : "", v->port);
}

static void text_bytes(struct buf *b, const struct seat_view *v)
{
    if (!moves(v))
        return;
    ui_size(b, v->bytes);
    if (v->size < 0)
        return;
    buf_text(b, _(" of "));
    ui_size(b, v->size);
}

static void text_row(const char *peer, const char *account, const char *doing, const char *bytes, const char *rate_text,
                     const char *path)
{
    const char *const cells[] = { peer, account, doing, bytes, rate_text };
    static const unsigned columns[] = { 22, 12, 9, 18, 10 };

    putchar(' ');
    for (unsigned i = 0; i < sizeof cells / sizeof *cells; i++)
        printf(" %s%*s", cells[i], ui_pad(cells[i], columns[i]), "");
    printf(" %s\n", path);
}

static void text_session(const struct seat_view *v)
{
    char peer[80], account[4 * SEAT_ACCOUNT], bytes[40], speed[24], path[4 * SEAT_PATH];
    struct buf p = BUF(peer), a = BUF(account), n = BUF(bytes), r = BUF(speed), f = BUF(path);

    text_peer(&p, v);
    text_terminal(&a, span_of(*v->account ? v->account : "-"));
    text_bytes(&n, v);
    if (moves(v)) {
        ui_size(&r, rate(v));
        buf_text(&r, _("/s"));
        buf_text(&f, *v->path == '/' ? "" : "...");
        text_terminal(&f, span_of(v->path));
    }
    text_row(buf_cstr(&p), buf_cstr(&a), _(seat_doing_name(v->doing)), buf_cstr(&n), buf_cstr(&r), buf_cstr(&f));
}

/* What never happened is not worth a line. */
static void text_total(const struct board *b, enum stat_id i)
{
    uint64_t n = board_total(b, i);
    char text[32];
    struct buf size = BUF(text);

    if (!n)
        return;
    if (i == STAT_bytes_sent || i == STAT_bytes_received || i == STAT_bytes_hashed)
        ui_size(&size, (int64_t)n);
    else
        buf_printf(&size, "%llu", (unsigned long long)n);
    printf("  %10s  %s\n", buf_cstr(&size), _(stat_rows[i].help));
}

static void text_head(const struct board *b, struct buf *line)
{
    const struct board_about *about = board_about(b);

    buf_printf(line, _("dray %d serves "), (int)about->pid);
    text_terminal(line, span_of(about->folder));
    buf_printf(line, _("\n  model %s, since "), about->model);
    print_when(line, about->since);
    buf_printf(line, _(", %u of %u sessions\n"), board_count(b), board_seats(b));
    put(line);
}

/* Who is banned, and of what names passwords were guessed lately. */
static void text_ban(const struct ban_view *v)
{
    char who[4 * SEAT_ACCOUNT];
    struct buf w = BUF(who);
    double left = (double)(v->until - clock_mono()) / SECOND;

    if (v->addr_len)
        print_addr(&w, v->addr, v->addr_len);
    else
        text_terminal(&w, span_of(v->name));
    buf_text(&w, v->addr_len == 16 ? "/64" : "");
    printf(_("  %-22s %u wrong passwords"), buf_cstr(&w), v->failures);
    if (v->until && left > 0)
        printf(_(", banned for %.0f s more (ban number %u, %u clients refused)"), left, v->bans, v->refused);
    putchar('\n');
}

static void text_bans(const struct board *b)
{
    struct ban_view v;

    for (unsigned i = 0; i < ban_places(); i++)
        if (ban_view(b, i, &v))
            text_ban(&v);
}

void status_text(const struct board *b, struct buf *line)
{
    struct seat_view v;
    bool any = false;

    text_head(b, line);
    for (unsigned i = 0; i < STATS; i++)
        text_total(b, i);
    for (unsigned i = 0; i < board_top(b); i++) {
        if (!board_view(b, i, &v))
            continue;
        if (!any)
            text_row(_("peer"), _("account"), _("doing"), _("bytes"), _("rate"), _("file"));
        text_session(&v);
        any = true;
    }
    text_bans(b);
}

/* ---- for programs ---- */

static void json_member(struct buf *b, const char *key, const char *text)
{
    buf_printf(b, ",\"%s\":", key);
    text_json(b, span_of(text));
}

static void json_moving(struct buf *b, const struct seat_view *v)
{
    json_member(b, "path", v->path);
    buf_printf(b, ",\"bytes\":%lld,\"rate\":%lld,\"size\":", (long long)v->bytes, (long long)rate(v));
    if (v->size < 0)
        buf_text(b, "null");
    else
        buf_printf(b, "%lld", (long long)v->size);
}

static void json_session(const struct seat_view *v, struct buf *b)
{
    buf_printf(b, "{\"pid\":%d,\"address\":\"", (int)v->pid);
    print_host(b, v);
    buf_printf(b, "\",\"port\":%u,\"since\":\"", v->port);
    print_when(b, v->since);
    buf_text(b, "\",\"account\":");
    if (*v->account)
        text_json(b, span_of(v->account));
    else
        buf_text(b, "null");
    json_member(b, "doing", seat_doing_name(v->doing));
    buf_printf(b, ",\"seconds\":%.3f", seconds_since(v->doing_since));
    if (moves(v))
        json_moving(b, v);
    buf_text(b, "}");
    put(b);
}

static void json_head(const struct board *b, struct buf *line)
{
    const struct board_about *about = board_about(b);

    buf_printf(line, "{\"pid\":%d", (int)about->pid);
    json_member(line, "folder", about->folder);
    json_member(line, "model", about->model);
    buf_text(line, ",\"since\":\"");
    print_when(line, about->since);
    buf_printf(line, "\",\"seats\":%u", board_seats(b));
    put(line);
}

static void json_ban(const struct ban_view *v, struct buf *b)
{
    int64_t left = v->until - clock_mono();

    buf_text(b, v->addr_len ? "{\"address\":\"" : "{\"account\":");
    if (v->addr_len)
        print_addr(b, v->addr, v->addr_len);
    else
        text_json(b, span_of(v->name));
    buf_printf(b, "%s,\"failures\":%u,\"bans\":%u,\"refused\":%u,\"seconds_left\":%lld}", v->addr_len ? "\"" : "", v->failures,
               v->bans, v->refused, (long long)(v->until && left > 0 ? (left + SECOND - 1) / SECOND : 0));
    put(b);
}

static void json_bans(const struct board *b, struct buf *line)
{
    const char *comma = "";
    struct ban_view v;

    for (unsigned i = 0; i < ban_places(); i++) {
        if (!ban_view(b, i, &v))
            continue;
        fputs(comma, stdout);
        json_ban(&v, line);
        comma = ",";
    }
}

void status_json(const struct board *b, struct buf *line)
{
    const char *comma = "";
    struct seat_view v;

    json_head(b, line);
    for (unsigned i = 0; i < STATS; i++)
        printf("%s\"%s\":%llu", i ? "," : ",\"totals\":{", stat_rows[i].name, (unsigned long long)board_total(b, i));
    fputs("},\"sessions\":[", stdout);
    for (unsigned i = 0; i < board_top(b); i++) {
        if (!board_view(b, i, &v))
            continue;
        fputs(comma, stdout);
        json_session(&v, line);
        comma = ",";
    }
    fputs("],\"bans\":[", stdout);
    json_bans(b, line);
    puts("]}");
}
