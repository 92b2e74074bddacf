/* auth_hash: asks whether a password is that of an account of the file (see auth_impl.h). Called by auth.c from sessions; what
 * blocks runs in rt_call, a hash in rt_compute. It costs tens of milliseconds and 16 MiB, so of all sessions of a server only few compute at
 * once, and the others sleep meanwhile. An unknown name costs what some known one does, always the same one: neither the time of
 * an answer nor how it varies tells which names there are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_impl.h"
#include "base/cleanup.h"

enum { PAUSE = 5000000, LONGEST_PAUSE = 250000000 }; /* ns */

struct check {
    struct auth_file *file;
    struct span name, password;
    const struct account *account; /* NULL: the name is not known */
    bool is;
    char hash[SECRET_HASH];
};

static void check_free(struct check **c)
{
    if (*c)
        account_drop(&(*c)->account);
    free(*c);
    *c = NULL;
}

/* ---- whose it is ---- */

static uint64_t mix(uint64_t seed, struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        seed = (seed ^ (unsigned char)name.at[i]) * UINT64_C(0xff51afd7ed558ccd);
        seed ^= seed >> 32;
    }
    return seed;
}

/* The hash that is computed for this name, whether there is such an account or not. */
static const char *hash_for(const struct auth_file *f, const struct account *a, struct span name)
{
    const char *hash = a ? a->secret : f->now->item[mix(f->seed, name) % f->now->n]->secret;

    return secret_known(hash) ? hash : f->decoy;
}

static int refresh_call(void *arg)
{
    auth_file_refresh(arg);
    return 0;
}

/* As a rule nothing has changed, and that is known at once. How many accounts there are then. */
static int refresh(struct auth_file *f, struct rt_task *task)
{
    int n;

    if (!auth_file_is_current(f))
        TRY(rt_call(task, refresh_call, f));
    auth_file_take(f);
    n = (int)f->now->n;
    auth_file_give(f);
    return n;
}

static struct account *hold(struct auth_file *f, struct span name)
{
    struct account *a = accounts_find(f->now, name);

    if (a)
        atomic_fetch_add(&a->refs, 1);
    return a;
}

static void look(struct check *c)
{
    struct auth_file *f = c->file;
    struct account *a;

    auth_file_take(f);
    c->account = a = hold(f, c->name);
    strcpy(c->hash, f->now->n ? hash_for(f, a, c->name) : f->decoy);
    auth_file_give(f);
}

/* ---- is it he? ---- */

/* One of the few who compute, or -EAGAIN. The same thread takes and gives the lock; one who is killed gives it, too. */
static int hash_call(void *arg)
{
    struct check *c = arg;
    struct auth_shared *s = c->file->shared;
    unsigned i = 0;

    while (i < s->hashes && !lock_try(&s->hash[i]))
        i++;
    if (i == s->hashes)
        return -EAGAIN;
    c->is = secret_is(c->password, c->hash);
    lock_give(&s->hash[i]);
    return 0;
}

/* The more wait, the less often each asks: together they cost the same. */
static int64_t pause(struct auth_shared *s)
{
    int64_t ns = PAUSE * (1 + (int64_t)atomic_load(&s->waiting) / 2);

    return ns < LONGEST_PAUSE ? ns : LONGEST_PAUSE;
}

static int hash_in_turn(struct check *c, struct rt_task *task)
{
    struct auth_shared *s = c->file->shared;
    int rc;

    atomic_fetch_add(&s->waiting, 1);
    while ((rc = rt_compute(task, hash_call, c)) == -EAGAIN && (rc = rt_sleep(task, rt_now(task) + pause(s))) == 0)
        ;
    atomic_fetch_sub(&s->waiting, 1);
    return rc;
}

int auth_file_check(struct auth_file *f, struct rt_task *task, struct span name, struct span password,
                    const struct account **out)
{
    CLEANUP(check_free) struct check *c = NULL;
    int n = refresh(f, task);

    TRY(n);
    if (!n) /* nobody's password is hashed: all names cost the same */
        return -EACCES;
    c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct check){ .file = f, .name = name, .password = password };
    look(c);
    TRY(hash_in_turn(c, task));
    if (!c->account || !c->is)
        return -EACCES;
    *out = c->account;
    c->account = NULL;
    return 0;
}

int auth_file_find(struct auth_file *f, struct rt_task *task, struct span name, const struct account **out)
{
    const struct account *found;

    TRY(refresh(f, task));
    auth_file_take(f);
    found = hold(f, name);
    auth_file_give(f);
    if (!found)
        return -EACCES;
    *out = found;
    return 0;
}
