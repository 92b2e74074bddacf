/* proof: see proof.h. Called by get and put; owns a block while it reads. Of the checksums that the server offers the
 * cheapest is taken: it is to find what went wrong on the way, and an attacker who owns the server owns the checksum as well. */
#include "client/proof.h"

#include <errno.h>

#include "base/cleanup.h"

enum { STEP = 256 << 10 }; /* of a block: it stays in the processor's cache until it is summed */

static enum sum_id cheapest(unsigned offered)
{
    static const enum sum_id order[] = { SUM_CRC32, SUM_SHA256, SUM_SHA1, SUM_MD5, SUM_SHA512 };

    for (unsigned i = 0; i < SUMS; i++)
        if (offered & SUM_BIT(order[i]))
            return order[i];
    return SUMS;
}

void proof_drop(struct proof *p)
{
    digest_drop(&p->digest);
    p->upto = 0;
}

/* Of this kind from now on; what has passed counts if it was summed alike, and if there is no more of it than is asked for. */
static int turn_to(struct proof *p, enum sum_id id, int64_t bytes)
{
    if (p->digest.which == SUM_BIT(id) && p->upto <= bytes)
        return 0;
    proof_drop(p);
    return digest_begin(&p->digest, SUM_BIT(id));
}

static void add(struct proof *p, const void *data, size_t len)
{
    digest_add(&p->digest, data, len);
    p->upto += (int64_t)len;
}

static int read_up_to(struct proof *p, struct worker *w, int fd, int64_t bytes, char *block)
{
    while (p->upto < bytes) {
        int64_t left = bytes - p->upto;
        ssize_t n = rt_pread(w->task, fd, block, left < STEP ? (size_t)left : STEP, p->upto);

        if (n <= 0)
            return n < 0 ? (int)n : -ESTALE;
        add(p, block, (size_t)n);
        TRY(rt_turn(w->task, -1));
    }
    return 0;
}

static int read_as(struct proof *p, struct worker *w, int fd, enum sum_id id, int64_t bytes)
{
    char *block;
    int rc = turn_to(p, id, bytes);

    if (rc < 0 || p->upto == bytes)
        return rc;
    block = rt_block_take();
    if (!block)
        return -ENOMEM;
    rc = read_up_to(p, w, fd, bytes, block);
    rt_block_give(block);
    return rc;
}

enum sum_id proof_kind(const struct worker *w)
{
    return w->crew->order->verify == VERIFY_NEVER ? SUMS : cheapest(ftpc_sums(w->ftp));
}

void proof_pass(struct proof *p, const struct worker *w, int64_t off, const void *data, size_t len)
{
    enum sum_id id = off == p->upto ? proof_kind(w) : SUMS;

    if (id != SUMS && turn_to(p, id, off) == 0 && p->upto == off)
        add(p, data, len);
}

void proof_join(struct proof *p, uint32_t crc, int64_t at, int64_t bytes)
{
    if (at != p->upto || turn_to(p, SUM_CRC32, at) < 0 || p->upto != at)
        return;
    digest_join_crc(&p->digest, crc, (uint64_t)bytes);
    p->upto += bytes;
}

int proof_read(struct proof *p, struct worker *w, int fd, int64_t bytes)
{
    enum sum_id id = proof_kind(w);

    return id == SUMS ? 0 : read_as(p, w, fd, id, bytes);
}

/* Ours first: the server may be computing its own already (ftpc_ahead). */
int proof_compare(struct proof *p, struct worker *w, int fd, struct span path, int64_t bytes, bool whole, const char **name, bool *here)
{
    enum sum_id id = cheapest(whole ? ftpc_sums(w->ftp) : ftpc_sums_of_part(w->ftp));
    struct sums mine, theirs = { 0 };
    int rc;

    if (id == SUMS || w->crew->order->verify == VERIFY_NEVER)
        return 0;
    rc = read_as(p, w, fd, id, bytes);
    if (rc < 0)
        *here = rc != -ECANCELED;
    TRY(rc);
    digest_end(&p->digest, &mine);
    p->upto = 0;
    rc = ftpc_sum(w->ftp, path, whole ? -1 : bytes, id, &theirs);
    if (rc == -EACCES || rc == -ENOENT)
        return 0;
    TRY(rc);
    if (!sum_same(&mine, &theirs, id))
        return -EBADMSG;
    *name = sum_kinds[id].name;
    return 1;
}
