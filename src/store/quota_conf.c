/* quota_conf: the limits that the operator gives (--quota), as the table that quota.c keeps. Called once, before the first
 * session; owns the table, in shared memory, for as long as the server runs. Fails with -EINVAL and a sentence. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "store/quota_impl.h"
#include "sys/proc.h"

static int bad(const char *item, const char *why, struct buf *err)
{
    buf_printf(err, _("--quota: \"%s\": %s; write [NAME=]BYTES[:FILES], as ann=10G:5000"), item, _(why));
    return -EINVAL;
}

static int read_limits(struct span text, struct quota_limits *out)
{
    struct span files = text, bytes = span_cut(&files, ':');
    uint64_t n = INT64_MAX;

    *out = (struct quota_limits){ INT64_MAX, INT64_MAX };
    if (bytes.len)
        TRY(span_bytes(bytes, &out->bytes));
    if (files.len)
        TRY(span_u64(files, INT64_MAX, &n));
    out->files = (int64_t)n;
    return bytes.len || files.len ? 0 : -EINVAL;
}

struct quota_account *quota_find(struct quotas *q, struct span name)
{
    for (unsigned i = 0; i < q->n; i++)
        if (span_eq(span_of(q->account[i].name), name))
            return &q->account[i];
    return NULL;
}

struct quota_account *quota_new_row(struct quotas *q, struct span name, const struct quota_limits *limits)
{
    struct quota_account *a = q->n < ACCOUNTS && name.len <= MARK_ACCOUNT ? &q->account[q->n] : NULL;

    if (!a)
        return NULL;
    memcpy(a->name, name.at, name.len);
    a->limits = *limits;
    q->n++;
    return a;
}

static int read_item(struct quotas *q, const char *item, struct buf *err)
{
    struct span name = { item, 0 }, rest = span_of(item);
    ptrdiff_t equals = span_rfind(rest, '=');
    struct quota_limits limits;

    if (equals >= 0) {
        name.len = (size_t)equals;
        rest = span_from(rest, name.len + 1);
    }
    if (read_limits(rest, &limits) < 0)
        return bad(item, N_("that is no number of bytes and files"), err);
    if (equals < 0) {
        q->others = limits;
        q->has_others = true;
        return 0;
    }
    if (!name.len || quota_find(q, name) || !quota_new_row(q, name, &limits))
        return bad(item, N_("the name is empty, too long, or was given before"), err);
    return 0;
}

int quotas_new(const struct conf_list *list, unsigned claims, struct quotas **out, struct buf *err)
{
    struct quotas *q;

    *out = NULL;
    if (!list->n)
        return 0;
    q = proc_shared(sizeof *q + claims * sizeof *q->claim);
    if (!q)
        return -ENOMEM;
    lock_init(&q->lock);
    q->claims = claims;
    for (unsigned i = 0; i < list->n; i++)
        TRY(read_item(q, list->item[i], err));
    *out = q;
    return 0;
}
