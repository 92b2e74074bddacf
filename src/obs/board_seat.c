/* board_seat: what a seat tells: who sits there and what he is doing, for readers in other processes. Called by
 * sessions, and by `dray status` to read. A seat has one writer, its session, and a sequence lock: the count is
 * odd while words change, and a reader whose words came with an odd or a changed count reads again. Text is stored
 * and read by words, so that all of it is atomic. The bytes of a transfer are outside of that: one relaxed store a
 * step. Owns nothing, cannot fail. */
#include <string.h>

#include "base/say.h"
#include "obs/board_impl.h"

enum { READ_TRIES = 1000 };

static const char *const doing_names[] = {
    [SEAT_CONNECTED] = N_("connected"), [SEAT_IDLE] = N_("idle"),           [SEAT_LISTING] = N_("listing"),
    [SEAT_SENDING] = N_("sending"),     [SEAT_RECEIVING] = N_("receiving"), [SEAT_HASHING] = N_("hashing"),
};

enum { DOINGS = sizeof doing_names / sizeof *doing_names };

const char *seat_doing_name(enum seat_doing what)
{
    return (unsigned)what < DOINGS ? doing_names[what] : "?";
}

/* Which total the bytes go to, and which the end; in the other states nothing moves. */
static const struct {
    enum stat_id bytes, done;
    bool moves;
} effects[DOINGS] = {
    [SEAT_LISTING] = { STAT_bytes_sent, STAT_listings, true },
    [SEAT_SENDING] = { STAT_bytes_sent, STAT_downloads, true },
    [SEAT_RECEIVING] = { STAT_bytes_received, STAT_uploads, true },
    [SEAT_HASHING] = { STAT_bytes_hashed, STAT_checksums, true },
};

/* ---- words ---- */

/* Release and acquire on each word, and not fences: on x86 they cost nothing, and ThreadSanitizer understands them. */
static void put_words(_Atomic(uint64_t) *to, const void *from, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        uint64_t w;

        memcpy(&w, (const char *)from + i * 8, 8);
        atomic_store_explicit(&to[i], w, memory_order_release);
    }
}

static void get_words(void *to, const _Atomic(uint64_t) *from, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        uint64_t w = atomic_load_explicit(&from[i], memory_order_acquire);

        memcpy((char *)to + i * 8, &w, 8);
    }
}

/* ---- the writer ---- */

/* A writer who was killed leaves an odd count: the next one begins from it. */
static uint32_t write_begin(struct seat *s)
{
    uint32_t seq = atomic_load_explicit(&s->seq, memory_order_relaxed) | 1;

    atomic_store_explicit(&s->seq, seq, memory_order_relaxed);
    return seq;
}

static void put_path(struct seat *s, const char *path)
{
    char text[SEAT_PATH] = { 0 };
    size_t len = strlen(path), skip = len > sizeof text ? len - sizeof text : 0;

    for (int i = 0; i < 3 && skip && (path[skip] & 0xC0) == 0x80; i++)
        skip++; /* not into the middle of a character */
    memcpy(text, path + skip, len - skip);
    put_words(board_path(board_of(s), s->number), text, PATH_WORDS);
}

static void publish(struct seat *s, const struct seat_info *info, const char *path)
{
    uint32_t seq = write_begin(s);

    put_words(s->info, info, INFO_WORDS);
    if (path)
        put_path(s, path);
    atomic_store_explicit(&s->bytes, 0, memory_order_release);
    atomic_store_explicit(&s->doing, info->doing, memory_order_relaxed);
    atomic_store_explicit(&s->seq, seq + 1, memory_order_release);
}

static enum seat_doing now_doing(const struct seat *s)
{
    return atomic_load_explicit(&s->doing, memory_order_relaxed);
}

static struct seat_info change(const struct seat *s, enum seat_doing what, int64_t size, int64_t now)
{
    struct seat_info info;

    get_words(&info, s->info, INFO_WORDS);
    info.doing = (uint8_t)what;
    info.doing_since = now;
    info.size = size;
    return info;
}

void seat_begin(struct seat *s, const struct guest *g)
{
    struct seat_info info = { .since = g->now, .doing_since = g->now, .size = -1, .port = g->port,
                              .addr_len = (uint8_t)g->addr_len, .doing = SEAT_CONNECTED };

    memcpy(info.addr, g->addr, g->addr_len);
    publish(s, &info, NULL);
}

void seat_account(struct seat *s, const char *name, int64_t now)
{
    struct seat_info info;
    size_t len = name ? strnlen(name, SEAT_ACCOUNT) : 0;

    if (!s || (!name && now_doing(s) == SEAT_CONNECTED))
        return;
    info = change(s, name ? SEAT_IDLE : SEAT_CONNECTED, -1, now);
    memset(info.account, 0, sizeof info.account);
    if (name)
        memcpy(info.account, name, len);
    publish(s, &info, NULL);
    atomic_store(&board_names(board_of(s))[s->number], name ? board_hash(name, len) : 0);
    if (name)
        seat_count(s, STAT_logins);
}

void seat_doing(struct seat *s, enum seat_doing what, const char *path, int64_t size, int64_t now)
{
    struct seat_info info;

    if (!s)
        return;
    info = change(s, what, size, now);
    publish(s, &info, path);
}

void seat_moved(struct seat *s, int64_t n)
{
    if (!s || !n)
        return;
    atomic_store_explicit(&s->bytes, atomic_load_explicit(&s->bytes, memory_order_relaxed) + n, memory_order_relaxed);
    board_add(board_of(s), s->number, effects[now_doing(s)].bytes, (uint64_t)n);
}

void seat_done(struct seat *s, bool well, int64_t now)
{
    enum seat_doing was = s ? now_doing(s) : SEAT_IDLE;
    struct seat_info info;

    if (!effects[was].moves)
        return;
    seat_count(s, well ? effects[was].done : STAT_failures);
    info = change(s, SEAT_IDLE, -1, now);
    publish(s, &info, NULL);
}

void seat_count(struct seat *s, enum stat_id what)
{
    if (s)
        board_add(board_of(s), s->number, what, 1);
}

/* ---- readers ---- */

bool seat_same_address(const struct board *b, unsigned i, const struct guest *g)
{
    struct seat_info info;

    get_words(&info, b->seats[i].info, INFO_WORDS);
    return info.addr_len == g->addr_len && memcmp(info.addr, g->addr, g->addr_len) == 0;
}

bool seat_same_account(const struct board *b, unsigned i, const char *name)
{
    struct seat_info info;

    get_words(&info, b->seats[i].info, INFO_WORDS);
    return strncmp(info.account, name, SEAT_ACCOUNT) == 0;
}

static bool try_read(const struct board *b, unsigned i, struct seat_info *info, int64_t *bytes, char *path)
{
    const struct seat *s = &b->seats[i];
    uint32_t seq = atomic_load_explicit(&s->seq, memory_order_acquire);

    path[0] = '\0';
    get_words(info, s->info, INFO_WORDS);
    if (info->doing < DOINGS && effects[info->doing].moves)
        get_words(path, board_path(b, i), PATH_WORDS);
    *bytes = atomic_load_explicit(&s->bytes, memory_order_acquire);
    return !(seq & 1) && atomic_load_explicit(&s->seq, memory_order_relaxed) == seq;
}

static void fill(struct seat_view *v, const struct seat_info *info)
{
    memcpy(v->addr, info->addr, sizeof v->addr);
    memcpy(v->account, info->account, sizeof info->account);
    v->addr_len = info->addr_len == 4 ? 4 : 16;
    v->port = info->port;
    v->doing = info->doing;
    v->since = info->since;
    v->doing_since = info->doing_since;
    v->size = info->size;
}

bool board_view(const struct board *b, unsigned i, struct seat_view *out)
{
    struct seat_view v = { 0 };
    struct seat_info info;

    for (int tries = 0; tries < READ_TRIES; tries++) {
        v.pid = i < b->n ? atomic_load(&board_owners(b)[i]) : 0;
        if (!v.pid || !atomic_load(&board_hashes(b)[i]))
            return false;
        if (!try_read(b, i, &info, &v.bytes, v.path))
            continue;
        fill(&v, &info);
        *out = v;
        return true;
    }
    return false; /* killed while he wrote, and not yet reaped */
}
