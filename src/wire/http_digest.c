/* http_digest: see http_digest.h. Called by HTTP for what clients say of the bytes they send, and for what is known of a file. Owns
 * nothing. */
#include "wire/http_digest.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "wire/base64.h"

struct algorithm {
    const char *name;
    enum sum_id id;
};

static const struct algorithm digests[] = { { "sha-256", SUM_SHA256 }, { "sha-512", SUM_SHA512 }, { "sha", SUM_SHA1 }, { "md5", SUM_MD5 } };
static const struct algorithm checksums[] = { { "sha1", SUM_SHA1 }, { "sha256", SUM_SHA256 }, { "sha512", SUM_SHA512 } };
enum { TRUSTED = 2, WEIGHT_MAX = 10 }; /* the first of digests prove something */

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct algorithm *find(const struct algorithm *all, size_t n, struct span name)
{
    for (size_t i = 0; i < n; i++)
        if (span_eq(name, span_of(all[i].name)))
            return &all[i];
    return NULL;
}

static int add(struct sums *out, enum sum_id id, struct span text)
{
    struct sums one = { 0 };

    if (base64_decode(text, one.of[id], SUM_MAX) != (int)sum_kinds[id].len)
        return -EINVAL;
    if ((out->has & SUM_BIT(id)) && !sum_same(out, &one, id))
        return -EINVAL;
    memcpy(out->of[id], one.of[id], sizeof one.of[id]);
    out->has |= SUM_BIT(id);
    return 0;
}

static bool is_key(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];

        if (!(c >= 'a' && c <= 'z') && c != '*' && (i == 0 || !((c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.')))
            return false;
    }
    return s.len > 0;
}

/* One "key=:BASE64:", perhaps with parameters; no comma can stand inside. */
static int read_one(struct span member, struct sums *out)
{
    struct span key = span_cut(&member, '=');
    const struct algorithm *a = find(digests, TRUSTED, key);
    ptrdiff_t end;
    char any[4 * SUM_MAX];

    if (!is_key(key) || !span_starts(member, SPAN(":")))
        return -EINVAL;
    member = span_from(member, 1);
    end = span_find(member, ':');
    if (end < 0 || (member.len > (size_t)end + 1 && member.at[end + 1] != ';'))
        return -EINVAL;
    member.len = (size_t)end;
    return a ? add(out, a->id, member) : base64_decode(member, any, sizeof any) < 0 ? -EINVAL : 0;
}

int http_digest_parse(struct span field, struct sums *out)
{
    struct sums all = *out;

    if (!span_trim(field).len)
        return -EINVAL;
    do
        TRY(read_one(span_trim(span_cut(&field, ',')), &all));
    while (field.len);
    *out = all;
    return 0;
}

/* One "key=WEIGHT", perhaps with parameters. The last word on a key holds. */
static int read_want(struct span member, unsigned *wants)
{
    struct span key = span_cut(&member, '='), weight = span_cut(&member, ';');
    const struct algorithm *a = find(digests, COUNT(digests), key);
    uint64_t n;

    if (!is_key(key) || span_u64(weight, WEIGHT_MAX, &n) < 0)
        return -EINVAL;
    if (a)
        *wants = n ? *wants | SUM_BIT(a->id) : *wants & ~SUM_BIT(a->id);
    return 0;
}

int http_digest_wants(struct span field, unsigned *out)
{
    unsigned wants = 0;

    if (!span_trim(field).len)
        return -EINVAL;
    do
        TRY(read_want(span_trim(span_cut(&field, ',')), &wants));
    while (field.len);
    *out = wants;
    return 0;
}

bool http_digest_print(struct buf *b, const struct sums *s)
{
    const char *before = "";

    for (size_t i = 0; i < COUNT(digests); i++) {
        enum sum_id id = digests[i].id;

        if (!(s->has & SUM_BIT(id)))
            continue;
        buf_printf(b, "%s%s=:", before, digests[i].name);
        base64_print(b, s->of[id], sum_kinds[id].len);
        buf_putc(b, ':');
        before = ", ";
    }
    return *before;
}

int http_checksum_parse(struct span field, struct sums *out)
{
    struct span name = span_cut(&field, ' ');
    const struct algorithm *a = find(checksums, COUNT(checksums), name);

    return a ? add(out, a->id, span_trim(field)) : -EINVAL;
}
