/* proof: see proof.h. Called by get and put; owns a digest and a block while it reads. Of the checksums that the server offers the
 * cheapest is taken: it is to find what went wrong on the way, and an attacker who owns the server owns the checksum as well. */
#include "client/proof.h"

#include <errno.h>

#include "base/cleanup.h"
#include "sys/digest.h"

static enum sum_id cheapest(unsigned offered)
{
    static const enum sum_id order[] = { SUM_CRC32, SUM_SHA256, SUM_SHA1, SUM_MD5, SUM_SHA512 };

    for (unsigned i = 0; i < SUMS; i++)
        if (offered & SUM_BIT(order[i]))
            return order[i];
    return SUMS;
}

static int read_into(struct worker *w, int fd, int64_t bytes, struct digest *d, char *block)
{
    for (int64_t off = 0; off < bytes;) {
        int64_t left = bytes - off;
        ssize_t n = rt_pread(w->task, fd, block, left < RT_BLOCK ? (size_t)left : RT_BLOCK, off);

        if (n <= 0)
            return n < 0 ? (int)n : -ESTALE;
        digest_add(d, block, (size_t)n);
        off += n;
        TRY(rt_turn(w->task, -1));
    }
    return 0;
}

static int sum_here(struct worker *w, int fd, int64_t bytes, enum sum_id id, struct sums *out)
{
    struct digest d = { 0 };
    char *block = rt_block_take();
    int rc = block ? digest_begin(&d, SUM_BIT(id)) : -ENOMEM;

    if (rc == 0)
        rc = read_into(w, fd, bytes, &d, block);
    if (rc == 0)
        digest_end(&d, out);
    else
        digest_drop(&d);
    if (block)
        rt_block_give(block);
    return rc;
}

enum sum_id proof_kind(const struct worker *w)
{
    return w->crew->order->verify == VERIFY_NEVER ? SUMS : cheapest(ftpc_sums(w->ftp));
}

int proof_compare(struct worker *w, int fd, struct span path, int64_t bytes, bool whole, const char **name, bool *here)
{
    enum sum_id id = cheapest(whole ? ftpc_sums(w->ftp) : ftpc_sums_of_part(w->ftp));
    struct sums mine = { 0 }, theirs = { 0 };
    int rc;

    if (id == SUMS || w->crew->order->verify == VERIFY_NEVER)
        return 0;
    rc = ftpc_sum(w->ftp, path, whole ? -1 : bytes, id, &theirs);
    if (rc == -EACCES || rc == -ENOENT)
        return 0;
    TRY(rc);
    rc = sum_here(w, fd, bytes, id, &mine);
    if (rc < 0)
        *here = rc != -ECANCELED;
    TRY(rc);
    if (!sum_same(&mine, &theirs, id))
        return -EBADMSG;
    *name = sum_kinds[id].name;
    return 1;
}
