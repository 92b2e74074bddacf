/* stage: draws the stage of a run, and its plan, from the seed (see stage.h, run.h). Owns nothing. Extremes are as likely as what is
 * usual: what all runs do alike finds less. */
#include "stage.h"

#include <string.h>

#include "base/sums.h"
#include "run.h"

static unsigned one_of(uint64_t *luck, const unsigned *choices, unsigned n)
{
    return choices[sim_next(luck) % n];
}
#define ONE_OF(luck, ...) \
    one_of(luck, (const unsigned[]){ __VA_ARGS__ }, sizeof((const unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned))

/* Few bytes and few files, so that uploads meet their end. */
static void choose_quotas(struct stage *s, uint64_t *luck)
{
    static const struct {
        const char *text[ACCOUNTS];
        int64_t bytes[ACCOUNTS], files[ACCOUNTS];
    } rows[] = {
        { { NULL, NULL }, { -1, -1 }, { 0, 0 } },
        { { "bob=60K:4", "ann=10K:2" }, { 60 << 10, 10 << 10 }, { 4, 2 } },
        { { "bob=5K", "ann=0:0" }, { 5 << 10, 0 }, { INT64_MAX, 0 } },
        { { "bob=300K:3", NULL }, { 300 << 10, -1 }, { 3, 0 } },
    };
    unsigned i = ONE_OF(luck, 0, 0, 1, 2, 3);

    memcpy(s->quota, rows[i].text, sizeof s->quota);
    memcpy(s->rules.bytes, rows[i].bytes, sizeof s->rules.bytes);
    memcpy(s->rules.files, rows[i].files, sizeof s->rules.files);
}

struct stage stage_of(uint64_t seed)
{
    uint64_t luck = seed * 0x2545F4914F6CDD1Du + 1;
    struct stage s = { .sim = { .steps = 400000 } };

    s.sim.turn = ONE_OF(&luck, 0, 50, 300);
    s.sim.slow = ONE_OF(&luck, 0, 0, 30, 150);
    s.sim.slow_for = ONE_OF(&luck, 1, 50, 3000) * INT64_C(1000000);
    s.sim.step = ONE_OF(&luck, 10, 1000, 50000);
    s.net.window = ONE_OF(&luck, 9000, 16384, NET_WINDOW);
    s.net.torn = ONE_OF(&luck, 0, 50, 300);
    s.net.delay = ONE_OF(&luck, 0, 100, 20000, 200000) * INT64_C(1000);
    s.fault.race = ONE_OF(&luck, 0, 100, 500);
    s.fault.pause = ONE_OF(&luck, 1, 20, 500) * INT64_C(1000000);
    s.fault.torn = ONE_OF(&luck, 0, 100, 300);
    s.clients = 1 + (unsigned)(sim_next(&luck) % 5);
    s.ops = ONE_OF(&luck, 2, 4, 8);
    s.names = ONE_OF(&luck, 1, 2, NAMES, NAMES);
    s.stops = sim_next(&luck) % 100 < 5;
    choose_quotas(&s, &luck);
    s.durable = sim_next(&luck) % 3 == 0;
    s.late = s.rules.expires = sim_next(&luck) % 8 == 0;
    s.hide_from = ONE_OF(&luck, 0, 1, 3000, 20000);
    s.keep_free = ONE_OF(&luck, 0, 1);
    s.sums = ONE_OF(&luck, SUM_BIT(SUM_CRC32), SUM_BIT(SUM_CRC32), 0, SUM_BIT(SUM_SHA256) | SUM_BIT(SUM_CRC32));
    s.memory = sim_next(&luck) % 4 == 0;
    s.survives = sim_next(&luck) % 2 || s.memory; /* nobody finds it again after a restart */
    s.one_host = sim_next(&luck) % 3 == 0;
    s.stops_now = sim_next(&luck) % 2;
    s.stop_at = (int64_t)(sim_next(&luck) % (uint64_t)RT_SECONDS(15));
    return s;
}

struct plan run_plan_of(uint64_t seed)
{
    uint64_t luck = seed * 0x9E3779B97F4A7C15u + 7, way = sim_next(&luck) % 100;
    unsigned at = 1 + (unsigned)(sim_next(&luck) % ONE_OF(&luck, 60, 300, 1500));
    struct plan p = { .seed = seed };

    if (way < 15)
        p.kill_at = at;
    else if (way < 35) {
        p.fault_at = at;
        p.fault_error = (unsigned)(sim_next(&luck) % 4);
        if (sim_next(&luck) % 4 == 0) {
            p.fault_call = 1 + CALL_pwrite;
            p.fault_at = 1 + (unsigned)(sim_next(&luck) % 60);
            p.fault_stays = sim_next(&luck) % 2;
        } else
        if (sim_next(&luck) % 2) { /* what is called seldom fails as often as the rest */
            p.fault_call = 1 + (unsigned)(sim_next(&luck) % CALLS);
            if (sim_next(&luck) % 3 == 0) /* where names are given, most can go wrong */
                p.fault_call = 1 + ONE_OF(&luck, CALL_linkat, CALL_renameat, CALL_renameat2);
            p.fault_at = 1 + (unsigned)(sim_next(&luck) % ONE_OF(&luck, 1, 3, 12));
            p.fault_stays = fault_is_of_files(p.fault_call - 1) && sim_next(&luck) % 3 == 0;
        }
    } else if (way < 50) {
        p.wait_at = at;
        p.wait_way = (unsigned)(sim_next(&luck) % WAIT_WAYS);
    }
    return p;
}
