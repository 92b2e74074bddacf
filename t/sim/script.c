/* script: what the clients do: rows of operations, drawn by weight. Uploads and downloads end in one of many ways, most of
 * them well. Each tells the oracle what it is about to do before it says so, and what it was told. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "world.h"

/* How a transfer goes on after its first bytes. */
enum fate { WELL, CUT, ABORTED, LEFT, VANISHED, STALLED, HALF_CLOSED };

static enum fate fate_of(struct client *c)
{
    static const unsigned char weights[] = { [WELL] = 72, [CUT] = 7, [ABORTED] = 6, [LEFT] = 4, [VANISHED] = 5, [STALLED] = 3,
                                             [HALF_CLOSED] = 3 };
    uint64_t at = client_below(c, 100);
    unsigned fate = 0;

    while (at >= weights[fate])
        at -= weights[fate++];
    return fate;
}

static unsigned any_name(struct client *c)
{
    return (unsigned)client_below(c, client_chance(c, 50) ? 1 + c->names / 2 : c->names);
}

static size_t any_length(struct client *c)
{
    static const size_t most[] = { 1, 64, 2000, 2000, 9000, 30000, 120000 };

    return client_below(c, most[client_below(c, sizeof most / sizeof *most)]);
}

static void sleep_for(struct client *c, int64_t ns)
{
    rt_sleep(c->task, rt_now(c->task) + ns);
}

static struct op *begin(const struct client *c, enum op_kind kind, unsigned name, unsigned to, struct content payload,
                        int64_t keep)
{
    return oracle_op(kind, &(struct asker){ c->session, c->account, c->text_mode }, name, to, payload, keep);
}

/* The answer to the operation under way, or none. */
static void conclude(struct client *c, struct op *op, int code, bool well)
{
    if (code)
        oracle_reply(op, code, c->calm && well && code != 421);
}

/* ABOR is answered by itself, after the transfer's own answer. */
static int abort_it(struct client *c)
{
    int code;

    client_say(c, "ABOR");
    code = client_hear_final(c);
    if (code && code / 100 == 1)
        code = client_hear_final(c);
    if (code && client_hear_final(c) != 226 && !c->lost && c->calm)
        world_fail("client %u: ABOR was answered: %s", c->id, c->text);
    return code;
}

static void catch_up(struct client *c)
{
    while (c->noops && client_hear(c))
        c->noops--;
}

/* ---- upload ---- */

struct upload {
    struct op *op;
    struct content payload;
    enum fate fate;
    size_t until; /* where fate strikes */
    enum op_kind kind;
    int64_t keep;
    bool text;
    struct content wire; /* what is sent: the payload, or its lines as text */
};

/* TYPE A: LF is CRLF on the way; payloads have no CR. */
static struct content as_text(struct content c)
{
    char *at = oracle_room(2 * c.len), *to = at;

    for (size_t i = 0; i < c.len; i++) {
        if (c.at[i] == '\n')
            *to++ = '\r';
        *to++ = c.at[i];
    }
    return (struct content){ at, (size_t)(to - at) };
}

static struct content from_text(char *at, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        if (at[i] != '\r')
            at[n++] = at[i];
    return (struct content){ at, n };
}

static bool set_type(struct client *c, bool text)
{
    client_say(c, "TYPE %c", text ? 'A' : 'I');
    if (client_hear(c) != 200)
        return false;
    c->text_mode = text;
    return true;
}

/* Up to `until`; false when the server takes no more. */
static bool send_until(struct client *c, const struct upload *u, size_t *done)
{
    while (*done < u->until) {
        size_t left = u->until - *done, piece = client_chance(c, 30) ? 1 + client_below(c, left) : left;
        ssize_t n = rt_send(c->task, c->data, -1, u->wire.at + *done, piece, rt_after(c->task, 300));

        if (n < 0)
            return false;
        *done += (size_t)n;
        if (client_chance(c, 10))
            sleep_for(c, (int64_t)client_below(c, RT_SECONDS(1)));
        if (client_chance(c, 3) && c->noops < 3) {
            client_say(c, "NOOP");
            c->noops++;
        }
    }
    return true;
}

static int finish_upload(struct client *c, const struct upload *u, size_t done)
{
    oracle_sent(u->op, u->text ? u->payload.len : done);
    client_close_data(c, false);
    return client_hear_final(c);
}

/* Sometimes so late that all had come: then it is known what must have been kept. */
static int abort_upload(struct client *c, const struct upload *u, size_t done)
{
    bool all = client_chance(c, 50);
    int code;

    if (all)
        sleep_for(c, RT_SECONDS(20));
    code = abort_it(c);
    if (all && done && code == 426 && c->calm && !u->text && !u->keep && u->kind == OP_STOR)
        oracle_kept(u->op, done);
    return code;
}

/* What happens to it in the middle; the code of the answer, 0 for none. */
static int strike(struct client *c, const struct upload *u, size_t done)
{
    switch (u->fate) {
    case ABORTED:
        return abort_upload(c, u, done);
    case LEFT: /* to the server it looks like a whole file */
        oracle_sent(u->op, done);
        client_leave(c, false);
        return 0;
    case VANISHED:
        client_leave(c, true);
        return 0;
    case STALLED:
        sleep_for(c, RT_SECONDS(100));
        break;
    case HALF_CLOSED:
        c->rude = true;
        sock_shutdown_send(c->control);
        break;
    default:
        break;
    }
    client_close_data(c, true);
    return client_hear_final(c);
}

static int move_upload(struct client *c, struct upload *u)
{
    size_t done = 0;
    int code;

    if (c->listener >= 0 || client_chance(c, 50)) {
        code = client_hear_final(c);
        if (code / 100 != 1)
            return code;
        if (!client_open_data(c))
            return client_hear_final(c);
    } else {
        bool open = client_open_data(c);

        code = client_hear_final(c);
        if (code / 100 != 1)
            return code;
        if (!open)
            return client_hear_final(c);
    }
    if (!send_until(c, u, &done))
        return client_hear_final(c);
    return u->fate == WELL ? finish_upload(c, u, done) : strike(c, u, done);
}

static void run_upload(struct client *c, enum op_kind kind, unsigned name, int64_t keep)
{
    struct upload u = { .payload = oracle_payload(any_length(c)), .fate = fate_of(c), .kind = kind, .keep = keep };
    bool behind = u.fate == WELL && client_chance(c, 20);
    int code;

    u.text = !keep && u.fate != LEFT && client_chance(c, 15);
    u.wire = u.text ? as_text(u.payload) : u.payload;
    u.until = u.fate == WELL ? u.wire.len : client_below(c, u.wire.len + 1);
    if (u.text && !set_type(c, true))
        return;
    if (!client_arrange(c))
        return;
    if (keep)
        client_say(c, "REST %lld", (long long)keep);
    if (keep && client_hear(c) != 350)
        return;
    u.op = begin(c, kind, name, 0, u.payload, keep);
    client_say(c, "%s %s%s", kind == OP_APPE ? "APPE" : "STOR", oracle_names[name], behind ? "\r\nPWD" : "");
    code = move_upload(c, &u);
    conclude(c, u.op, code, u.fate == WELL && !c->account);
    client_close_data(c, true); /* an end in order would make a whole file of what had come */
    if (behind && !c->lost && client_hear_final(c) != 257 && !c->lost && c->calm)
        world_fail("client %u: PWD behind an upload was answered: %s", c->id, c->text);
    catch_up(c);
}

static void step_stor(struct client *c)
{
    run_upload(c, OP_STOR, any_name(c), 0);
}

static void step_rest(struct client *c)
{
    run_upload(c, OP_STOR, any_name(c), 1 + (int64_t)client_below(c, client_chance(c, 50) ? 40 : 3000));
}

static void step_appe(struct client *c)
{
    run_upload(c, OP_APPE, any_name(c), 0);
}

/* As a client does that resumes: how much is there? */
static void step_resume(struct client *c)
{
    unsigned name = any_name(c);
    int code;

    client_say(c, client_chance(c, 50) ? "SITE PARTIAL %s" : "SIZE %s", oracle_names[name]);
    code = client_hear(c);
    if (code == 213) {
        const char *size = strstr(c->text, "size=");

        run_upload(c, OP_STOR, name, strtoll(size ? size + 5 : c->text + 4, NULL, 10));
    }
}

/* ---- download ---- */

enum { TAKEN_MAX = 400 * 1024 };

/* What comes on the data connection, and meanwhile on the other. */
struct taking {
    struct content data;
    char *at;
    size_t until;
    bool end;      /* of the data */
    bool cut;      /* and not in order: whatever the server says, this is not all */
    int code;      /* the final reply, 0: not yet */
};

static void take_some(struct client *c, struct taking *t)
{
    size_t most = t->until - t->data.len, piece = client_chance(c, 30) ? 1 + client_below(c, most) : most;
    ssize_t n = rt_recv(c->task, c->data, -1, t->at + t->data.len, piece, RT_NEVER);

    if (n > 0)
        t->data.len += (size_t)n;
    else
        t->end = true;
    t->cut = n < 0;
    if (client_chance(c, 5))
        sleep_for(c, (int64_t)client_below(c, RT_SECONDS(1)));
}

/* Until the data ends, or `until` bytes have come, or the server says no. */
static void take_until(struct client *c, struct taking *t)
{
    while (!t->end && t->code < 400 && t->data.len < t->until) {
        struct pollfd fds[2] = { { .fd = c->data, .events = POLLIN }, { .fd = t->code || c->lost ? -1 : c->control, .events = POLLIN } };

        if (rt_wait(c->task, fds, 2, rt_after(c->task, 500)) < 0)
            world_fail("client %u: no data and no reply for 500 s", c->id);
        if (fds[0].revents)
            take_some(c, t);
        else if ((t->code = client_hear_final(c)) / 100 == 1)
            t->code = 0;
    }
}

static int end_taking(struct client *c, struct taking *t)
{
    while (!t->code && !c->lost)
        if ((t->code = client_hear_final(c)) / 100 == 1)
            t->code = 0;
    return t->code;
}

static int strike_taking(struct client *c, struct taking *t, enum fate fate)
{
    if (fate == LEFT || fate == VANISHED) {
        client_leave(c, fate == VANISHED);
        return 0;
    }
    if (fate == ABORTED && !t->code)
        return abort_it(c);
    if (fate == STALLED)
        sleep_for(c, RT_SECONDS(100));
    if (fate == HALF_CLOSED) {
        c->rude = true;
        sock_shutdown_send(c->control);
    }
    client_close_data(c, true);
    return end_taking(c, t);
}

/* false: it did not begin; t->code says why. */
static bool begin_taking(struct client *c, struct taking *t)
{
    if (c->listener >= 0) {
        t->code = client_hear_final(c);
        if (t->code / 100 != 1)
            return false;
        t->code = 0;
    }
    if (client_open_data(c))
        return true;
    end_taking(c, t);
    return false;
}

static int move_download(struct client *c, struct taking *t, enum fate fate)
{
    if (!begin_taking(c, t))
        return t->code;
    if (fate != WELL)
        t->until = client_below(c, 3000);
    take_until(c, t);
    if (fate != WELL && !t->end)
        return strike_taking(c, t, fate);
    return end_taking(c, t);
}

static void step_retr(struct client *c)
{
    unsigned name = any_name(c);
    int64_t keep = client_chance(c, 20) ? (int64_t)client_below(c, 2000) : 0;
    struct taking t = { .until = TAKEN_MAX };
    enum fate fate = fate_of(c);
    bool text = !keep && client_chance(c, 15);
    struct op *op;
    int code;

    if (text && !set_type(c, true))
        return;
    t.data.at = t.at = oracle_room(TAKEN_MAX);
    if (!client_arrange(c))
        return;
    if (keep)
        client_say(c, "REST %lld", (long long)keep);
    if (keep && client_hear(c) != 350)
        return;
    op = begin(c, OP_RETR, name, 0, (struct content){ 0 }, keep);
    client_say(c, "RETR %s", oracle_names[name]);
    code = move_download(c, &t, fate);
    if (text)
        t.data = from_text(t.at, t.data.len);
    if (t.data.len || code == 226)
        oracle_got(op, t.data, t.cut || (fate != WELL && !t.end) ? 0 : code);
    conclude(c, op, code, fate == WELL);
    client_close_data(c, false);
}

/* ---- listings ---- */

/* "size=12;type=file; name", or a name alone. */
static struct listed parse_entry(const char *at, size_t len)
{
    const char *blank = memchr(at, ' ', len), *size = memmem(at, len, "ize=", 4);
    struct listed l = { .name = at, .len = len, .size = -1 };

    if (!blank)
        return l;
    l.name = blank + 1;
    l.len = len - (size_t)(l.name - at);
    if (size && size < blank)
        l.size = strtoll(size + 4, NULL, 10);
    return l;
}

static void judge_listing(struct client *c, struct op *op, const struct content *text)
{
    struct listed list[32];
    unsigned n = 0;

    for (const char *at = text->at, *end = at + text->len; at < end;) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));

        if (!lf || lf == at || lf[-1] != '\r' || n == 32)
            world_fail("client %u: a malformed listing: %.*s", c->id, (int)text->len, text->at);
        list[n++] = parse_entry(at, (size_t)(lf - at) - 1);
        at = lf + 1;
    }
    oracle_list(op, list, n);
}

static void run_listing(struct client *c, const char *verb)
{
    struct taking t = { .until = 8 * 1024 };
    struct op *op;
    int code;

    t.data.at = t.at = oracle_room(t.until);
    if (!client_arrange(c))
        return;
    op = begin(c, OP_LIST, 0, 0, (struct content){ 0 }, 0);
    client_say(c, "%s", verb);
    code = move_download(c, &t, WELL);
    if (code == 226 && !t.cut)
        judge_listing(c, op, &t.data);
    conclude(c, op, code, true);
    client_close_data(c, false);
}

static void step_mlsd(struct client *c)
{
    run_listing(c, "MLSD");
}

static void step_nlst(struct client *c)
{
    run_listing(c, "NLST");
}

/* ---- what needs no data connection ---- */

static void step_size(struct client *c)
{
    unsigned name = any_name(c);
    struct op *op = begin(c, OP_SIZE, name, 0, (struct content){ 0 }, 0);
    bool facts = client_chance(c, 50);
    const char *at;
    int code;

    client_say(c, facts ? "MLST %s" : "SIZE %s", oracle_names[name]);
    code = client_hear(c);
    at = facts && code == 250 ? strstr(c->text, "ize=") : NULL;
    if (at && !strstr(c->text, "ype=dir"))
        oracle_size(op, strtoll(at + 4, NULL, 10));
    if (code == 213)
        oracle_size(op, strtoll(c->text + 4, NULL, 10));
    conclude(c, op, code, true);
}

/* HASH: "213 CRC32 0-49 HEX name"; XCRC: "250 HEX". */
static void step_hash(struct client *c)
{
    static const char *const kinds[] = { "CRC32", "SHA-256", "MD5" };
    const char *kind = kinds[client_below(c, 3)], *at = c->text + 4;
    unsigned name = any_name(c);
    bool hash = client_chance(c, 70);
    struct op *op;
    int code;

    if (hash)
        client_say(c, "OPTS HASH %s", kind);
    if (hash && client_hear(c) != 200)
        return;
    op = begin(c, OP_LIST, name, 0, (struct content){ 0 }, 0);
    client_say(c, hash ? "HASH %s" : "XCRC %s", oracle_names[name]);
    code = client_hear(c);
    for (int words = hash ? 2 : 0; code / 100 == 2 && words > 0; words--)
        at = strchr(at, ' ') + 1;
    if (code / 100 == 2)
        oracle_sum(op, hash ? kind : "CRC32", at, strcspn(at, " \n"));
    conclude(c, op, code, true);
}

static void run_change(struct client *c, enum op_kind kind, const char *verb, unsigned name)
{
    struct op *op = begin(c, kind, name, 0, (struct content){ 0 }, 0);

    client_say(c, "%s %s", verb, oracle_names[name]);
    conclude(c, op, client_hear(c), true);
}

static void step_dele(struct client *c)
{
    run_change(c, OP_DELE, "DELE", any_name(c));
}

static void step_mkd(struct client *c)
{
    run_change(c, OP_MKD, "MKD", client_chance(c, 80) ? 4 : any_name(c));
}

static void step_rmd(struct client *c)
{
    run_change(c, OP_RMD, "RMD", client_chance(c, 80) ? 4 : any_name(c));
}

static void step_rename(struct client *c)
{
    unsigned from = any_name(c), to = any_name(c);
    struct op *op;

    client_say(c, "RNFR %s", oracle_names[from]);
    if (client_hear(c) != 350 || client_chance(c, 10))
        return;
    op = begin(c, OP_RENAME, from, to, (struct content){ 0 }, 0);
    client_say(c, "RNTO %s", oracle_names[to]);
    conclude(c, op, client_hear(c), true);
}

/* Commands sent together are answered in order. */
static void step_pipeline(struct client *c)
{
    static const int codes[] = { 257, 501, 200, 215 };

    client_say(c, "PWD\r\nREST x\r\nNOOP\r\nSYST");
    for (unsigned i = 0; i < 4; i++) {
        int code = client_hear(c);

        if (!code)
            return;
        if (code != codes[i] && c->calm)
            world_fail("client %u: command %u of four was answered: %s", c->id, i + 1, c->text);
    }
}

static void step_status(struct client *c)
{
    client_say(c, client_chance(c, 50) ? "STAT" : "STAT /");
    client_hear(c);
}

/* No content changes by them. */
static void step_facts(struct client *c)
{
    unsigned name = any_name(c);

    client_say(c, client_chance(c, 50) ? "MFMT 20200101120000 %s" : "SITE CHMOD 640 %s", oracle_names[name]);
    client_hear(c);
}

static void step_leave(struct client *c)
{
    client_leave(c, client_chance(c, 50));
}

static const struct {
    void (*run)(struct client *);
    unsigned weight;
} steps[] = {
    { step_stor, 24 }, { step_appe, 10 }, { step_rest, 4 },    { step_resume, 8 },     { step_retr, 14 },    { step_size, 7 },   { step_mlsd, 4 },
    { step_nlst, 2 },  { step_dele, 6 },  { step_rename, 8 },   { step_mkd, 2 },      { step_rmd, 3 },    { step_pipeline, 2 },
    { step_status, 2 },   { step_hash, 6 },     { step_facts, 3 }, { step_leave, 4 },
};

/* Some runs do nothing but append and download, some rename all the time: what all runs do alike finds less. */
void script_choose(struct client *c, uint64_t seed)
{
    static const unsigned char factors[] = { 0, 1, 1, 1, 6 };

    c->weights = 0;
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        unsigned factor = i ? factors[sim_next(&seed) % sizeof factors] : 1;

        c->weight[i] = (unsigned char)(steps[i].weight * factor);
        c->weights += c->weight[i];
    }
}

void script_step(struct client *c)
{
    uint64_t at = client_below(c, c->weights);
    unsigned i = 0;

    while (at >= c->weight[i])
        at -= c->weight[i++];
    steps[i].run(c);
    if (c->text_mode && !c->lost)
        set_type(c, false);
    if (!c->lost && client_chance(c, 20))
        sleep_for(c, (int64_t)client_below(c, RT_SECONDS(3)));
}
