/* oracle_explain: whose doing is it that a place holds something else now? For each operation that is under way: can it have
 * turned the one into the other? The session whose task is running is asked first. */
#include <string.h>

#include "oracle_impl.h"
#include "world.h"

static bool starts(struct content c, size_t off, struct content with)
{
    return off + with.len <= c.len && (!with.len || memcmp(c.at + off, with.at, with.len) == 0);
}

/* `head`, then `tail`; part: then some of `tail`, from its beginning. */
static bool is_joined(struct content c, struct content head, struct content tail, bool part)
{
    if (c.len < head.len || c.len > head.len + tail.len || (!part && c.len != head.len + tail.len))
        return false;
    tail.len = c.len - head.len;
    return starts(c, 0, head) && starts(c, head.len, tail);
}

/* What some file was in this place during the operation, or its first `keep` bytes (-1: all), and then its payload. */
static bool continues(const struct op *op, unsigned place, int64_t keep, struct content c, bool part)
{
    const struct place *p = &oracle->place[place];

    for (unsigned i = 0; i < p->n; i++) {
        struct content head = p->version[i].state.content;

        if (!oracle_within(op, &p->version[i]) || p->version[i].state.kind != IS_FILE || (int64_t)head.len < keep)
            continue;
        head.len = keep < 0 ? head.len : (size_t)keep;
        if (is_joined(c, head, op->payload, part))
            return true;
    }
    return false;
}

static const struct content empty;

/* REST: behind the beginning of a file, or of the account's partial. */
static bool is_stored(const struct op *op, struct content c, bool part)
{
    if (!op->keep)
        return is_joined(c, empty, op->payload, part);
    return continues(op, op->name, op->keep, c, part) ||
           continues(op, place_of_partial(op->by.account, op->name), op->keep, c, part);
}

/* An append to nothing goes on with the partial. */
static bool is_begun_append(const struct op *op, struct content c, bool part)
{
    return is_joined(c, empty, op->payload, part) ||
           continues(op, place_of_partial(op->by.account, op->name), -1, c, part);
}

/* What the append was of when it began, put behind what somebody else has made of the name meanwhile. */
static bool is_late_append(const struct op *op, struct content now, struct content c)
{
    struct content rest = { now.len ? c.at + now.len : c.at, c.len - now.len };

    return c.len >= now.len && starts(c, 0, now) && is_begun_append(op, rest, false);
}

/* ---- one way of explaining for each kind of operation ---- */

static bool by_partial(struct op *op, unsigned place, const struct state *now)
{
    if (place != place_of_partial(op->by.account, op->name))
        return false;
    if (now->kind == IS_ABSENT || op->by.text)
        return now->kind == IS_ABSENT;
    if (op->kind == OP_STOR)
        return is_stored(op, now->content, true) || (op->keep && continues(op, place, op->keep, now->content, true));
    return is_begun_append(op, now->content, true) || continues(op, op->name, -1, now->content, true);
}

static bool by_stor(struct op *op, unsigned place, const struct state *now)
{
    if (place >= NAMES)
        return by_partial(op, place, now);
    return op->name == place && now->kind == IS_FILE && op->sent && is_stored(op, now->content, false);
}

static bool by_appe(struct op *op, unsigned place, const struct state *now)
{
    const struct state *was = &oracle_now(place)->state;

    if (place >= NAMES)
        return by_partial(op, place, now);
    if (op->name != place || now->kind != IS_FILE || !op->sent)
        return false;
    return was->kind == IS_FILE ? is_late_append(op, was->content, now->content) : is_begun_append(op, now->content, false);
}

static bool by_dele(struct op *op, unsigned place, const struct state *now)
{
    return op->name == place && now->kind == IS_ABSENT && oracle_now(place)->state.kind == IS_FILE;
}

static bool by_rename(struct op *op, unsigned place, const struct state *now)
{
    if (op->name == place)
        return now->kind == IS_ABSENT;
    return op->to == place && oracle_same(now, &oracle_now(op->name)->state);
}

static bool by_mkd(struct op *op, unsigned place, const struct state *now)
{
    return op->name == place && now->kind == IS_DIR && oracle_now(place)->state.kind == IS_ABSENT;
}

static bool by_rmd(struct op *op, unsigned place, const struct state *now)
{
    return op->name == place && now->kind == IS_ABSENT && oracle_now(place)->state.kind == IS_DIR;
}

static bool (*const ways[])(struct op *, unsigned, const struct state *) = {
    [OP_STOR] = by_stor, [OP_APPE] = by_appe, [OP_DELE] = by_dele, [OP_RENAME] = by_rename, [OP_MKD] = by_mkd,
    [OP_RMD] = by_rmd,   [OP_SIZE] = NULL,    [OP_RETR] = NULL,    [OP_LIST] = NULL,
};

/* A rename happens to two names; partials come and go. */
static unsigned bit(const struct op *op, unsigned place)
{
    return place >= NAMES ? 0 : op->kind == OP_RENAME && op->to == place ? 2 : 1;
}

/* Ann may only add: a new file, or a folder. */
static bool is_allowed(const struct op *op, unsigned place)
{
    bool adds = op->kind == OP_MKD || op->kind == OP_APPE || op->kind == OP_STOR;

    return !op->by.account || place >= NAMES || (adds && oracle_now(place)->state.kind == IS_ABSENT);
}

static bool is_due(const struct op *op, unsigned place)
{
    return op->stage != OVER && ways[op->kind] && !(op->applied & bit(op, place)) && is_allowed(op, place);
}

static struct op *find(unsigned session, unsigned place, const struct state *now)
{
    for (unsigned i = 0; i < oracle->ops; i++) {
        struct op *op = &oracle->op[i];

        if ((!session || op->by.session == session) && is_due(op, place) && ways[op->kind](op, place, now))
            return op;
    }
    return NULL;
}

static const char *word(const struct state *s)
{
    return s->kind == IS_ABSENT ? "nothing" : s->kind == IS_DIR ? "a folder" : "a file";
}

struct op *explain(unsigned place, const struct state *now)
{
    const struct state *was = &oracle_now(place)->state;
    struct op *op = find(run_session(), place, now);

    if (!op)
        op = find(0, place, now);
    if (!op && place >= NAMES && now->kind == IS_ABSENT && oracle->rules.expires)
        return NULL;
    if (!op)
        world_fail("%s held %s of %zu bytes and now holds %s of %zu bytes, which no operation under way explains",
                   place_name(place), word(was), was->content.len, word(now), now->content.len);
    op->applied |= bit(op, place);
    if (place >= NAMES) /* what it was asked to go on with, or to add to */
        op->dropped = now->kind == IS_ABSENT && oracle_now(place)->by != op && (op->keep || op->kind == OP_APPE);
    return op;
}
