/* oracle_end: what must hold when a run is over: the sums that the server counted are those of what is there, the checksums
 * that it noted are those of the content, and nothing of its own is left. Asks the store itself, beside the sessions. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "fault.h"
#include "oracle_impl.h"
#include "store/shared.h"
#include "store/store_impl.h"
#include "sys/digest.h"
#include "world.h"

static void check_use(struct quotas *q, unsigned account)
{
    const char *name = oracle_accounts[account];
    struct quota_use use;
    int64_t bytes, files;

    if (oracle->unsure[account] || quota_use(q, name, &use) < 0)
        return;
    oracle_usage(account, true, &bytes, &files);
    if (use.bytes != bytes || use.files != files || use.claimed)
        world_fail("%s has %lld bytes in %lld files, and was counted %lld in %lld, with %lld under way", name, (long long)bytes,
                   (long long)files, (long long)use.bytes, (long long)use.files, (long long)use.claimed);
}

/* A file whose mark could not be written, or read, belongs to nobody. */
static bool forgets_owners(void)
{
    return fault_hit() == CALL_setxattr || fault_hit() == CALL_getxattr || fault_hit() == CALL_stat;
}

static struct sums asked; /* what has_sum compares */
static unsigned asked_kind;

static bool has_sum(const struct op *op, const struct version *v)
{
    struct sums sums = { 0 };
    struct digest d;

    (void)op;
    if (v->state.kind != IS_FILE || digest_begin(&d, SUM_BIT(asked_kind)) < 0)
        return false;
    digest_add(&d, v->state.content.at, v->state.content.len);
    digest_end(&d, &sums);
    return sum_same(&sums, &asked, asked_kind);
}

void oracle_sum(struct op *op, const char *kind, const char *hex, size_t len)
{
    op->end = ++oracle->tick;
    asked = (struct sums){ 0 };
    asked_kind = sum_find(span_of(kind));
    if (sum_parse((struct span){ hex, len }, asked_kind, &asked) < 0 || !oracle_any(op, has_sum))
        world_fail("%s was said to have the %s %.*s, and never had", oracle_names[op->name], kind, (int)len, hex);
}

static void check_sums(const struct store *st, unsigned place)
{
    const struct content *c = &oracle_now(place)->state.content;
    struct sums noted = { 0 }, true_ones = { 0 };
    struct digest d;
    CLEANUP(file_close) struct file *f = NULL;
    char path[PLACE_PATH + 1] = "/";

    strcat(path, oracle->place[place].path);
    if (st->storage->ops->open(st, path, &f) < 0 || file_sums(f, &noted) < 0 || digest_begin(&d, noted.has) < 0)
        return;
    digest_add(&d, c->at, c->len);
    digest_end(&d, &true_ones);
    for (enum sum_id id = 0; id < SUMS; id++)
        if ((noted.has & SUM_BIT(id)) && !sum_same(&noted, &true_ones, id))
            world_fail("%s has a false %s noted", place_name(place), sum_kinds[id].name);
}

enum { BLOCK = 64 * 1024 }; /* what memory is given out in */

/* In memory: no block is held but for what is there, and for the small text beside each partial. */
static void check_blocks(const struct store *st)
{
    int64_t used = 0, free, all;

    for (unsigned i = 0; i < PLACES; i++) {
        char text[PLACE_PATH + 8];
        struct store_stat there;

        snprintf(text, sizeof text, "/%s.of", oracle->place[i].path);
        used += (int64_t)(oracle_now(i)->state.content.len + BLOCK - 1) / BLOCK;
        used += i >= NAMES && st->storage->ops->stat(st, text, &there) == 0;
    }
    sim_jump(world.sim, world_now() + RT_SECONDS(3600)); /* what the dead held is looked for now and then; their clock was another */
    if (st->storage->ops->space(st, "/", &free, &all) == 0 && free != all - used * BLOCK)
        world_fail("%lld blocks of memory are held by nobody", (long long)((all - free) / BLOCK - used));
}

void oracle_end(bool tidy)
{
    struct rt_task task = rt_block_task((struct rt_stop){ -1, -1 });
    const struct storage *storage = run_storage();
    struct store st = store_bind(storage, &task, "", RIGHT_READ | RIGHT_ADD | RIGHT_WRITE);

    oracle_look();
    for (unsigned a = 0; a < ACCOUNTS && !forgets_owners(); a++)
        check_use(storage->shared->quotas, a);
    for (unsigned i = 0; i < PLACES; i++)
        if (oracle_now(i)->state.kind == IS_FILE)
            check_sums(&st, i);
    if (oracle->where.memory)
        check_blocks(&st);
    if (tidy && !oracle->where.memory)
        look_for_rests();
}
