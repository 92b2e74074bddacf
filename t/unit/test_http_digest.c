/* http_digest: the examples of RFC 9530 (appendix D) of {"hello": "world"} and its line end, and fields that are none. */
#include "unit.h"
#include "wire/http_digest.h"

#define SHA256 "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="
#define SHA512 "YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg=="

static void fields(void **state)
{
    static const struct {
        const char *text;
        int rc;
        unsigned has;
    } rows[] = {
        { "sha-256=:" SHA256 ":", 0, SUM_BIT(SUM_SHA256) },
        { "sha-512=:" SHA512 ":", 0, SUM_BIT(SUM_SHA512) },
        { " sha-256=:" SHA256 ": ,\tsha-512=:" SHA512 ":", 0, SUM_BIT(SUM_SHA256) | SUM_BIT(SUM_SHA512) },
        { "sha-256=:" SHA256 ":;q=1, md5=:Sd/dVLAcvNLSq16eXua5uQ==:", 0, SUM_BIT(SUM_SHA256) },
        { "md5=:Sd/dVLAcvNLSq16eXua5uQ==:", 0, 0 },
        { "new-1=::", 0, 0 },
        { "sha-256=:" SHA256 ":, sha-256=:" SHA256 ":", 0, SUM_BIT(SUM_SHA256) },
        { "sha-256=:" SHA256 ":, sha-256=:A" SHA256 ":", -EINVAL, 0 },
        { "sha-256=:" SHA256 ":, sha-256=:AA/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", -EINVAL, 0 },
        { "sha-256=:" SHA512 ":", -EINVAL, 0 },
        { "sha-256=" SHA256, -EINVAL, 0 },
        { "sha-256=:" SHA256, -EINVAL, 0 },
        { "sha-256=:" SHA256 ":x", -EINVAL, 0 },
        { "SHA-256=:" SHA256 ":", -EINVAL, 0 },
        { "sha-256", -EINVAL, 0 },
        { "", -EINVAL, 0 },
        { "sha-256=:" SHA256 ":,,", -EINVAL, 0 },
        { "1x=:aaaa:", -EINVAL, 0 },
        { "x=:a:", -EINVAL, 0 },
        { "x=\"text\"", -EINVAL, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sums out = { 0 };

        same_int(rows[i].text, i, http_digest_parse(span_of(rows[i].text), &out), rows[i].rc);
        same_int("which", i, out.has, rows[i].has);
    }
}

static void printed(void **state)
{
    struct sums sums = { 0 };
    char text[300];
    struct buf b = BUF(text);

    (void)state;
    assert_false(http_digest_print(&b, &sums));
    same_int("parsed", 0, http_digest_parse(SPAN("sha-512=:" SHA512 ":,sha-256=:" SHA256 ":"), &sums), 0);
    assert_true(http_digest_print(&b, &sums));
    same_text("printed", 0, buf_span(&b), "sha-256=:" SHA256 ":, sha-512=:" SHA512 ":");
}

static void wants(void **state)
{
    static const struct {
        const char *text;
        int rc;
        unsigned wants;
    } rows[] = {
        { "sha-256=10", 0, SUM_BIT(SUM_SHA256) },
        { "sha-512=3, sha-256=10, unixsum=1", 0, SUM_BIT(SUM_SHA256) | SUM_BIT(SUM_SHA512) },
        { " md5=1,\tsha=2;why=not ", 0, SUM_BIT(SUM_MD5) | SUM_BIT(SUM_SHA1) },
        { "sha-256=0, sha-512=1", 0, SUM_BIT(SUM_SHA512) },
        { "sha-256=5, sha-256=0", 0, 0 },
        { "new-1=10", 0, 0 },
        { "sha-256=11", -EINVAL, 0 },
        { "sha-256=-1", -EINVAL, 0 },
        { "sha-256=1.5", -EINVAL, 0 },
        { "sha-256", -EINVAL, 0 },
        { "sha-256=", -EINVAL, 0 },
        { "sha-256=:" SHA256 ":", -EINVAL, 0 },
        { "SHA-256=1", -EINVAL, 0 },
        { "sha-256=1,,", -EINVAL, 0 },
        { "", -EINVAL, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned out = 0;

        same_int(rows[i].text, i, http_digest_wants(span_of(rows[i].text), &out), rows[i].rc);
        same_int("which", i, out, rows[i].wants);
    }
}

static void checksums(void **state)
{
    static const struct {
        const char *text;
        int rc;
        unsigned has;
    } rows[] = { { "sha1 Lve95gjOVATpfV8EL5X4nxwjKHE=", 0, SUM_BIT(SUM_SHA1) }, { "sha256 " SHA256, 0, SUM_BIT(SUM_SHA256) },
                 { "md5 Sd/dVLAcvNLSq16eXua5uQ==", -EINVAL, 0 }, { "sha1 " SHA256, -EINVAL, 0 }, { "sha1", -EINVAL, 0 }, { "", -EINVAL, 0 } };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sums out = { 0 };

        same_int(rows[i].text, i, http_checksum_parse(span_of(rows[i].text), &out), rows[i].rc);
        same_int("which", i, out.has, rows[i].has);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(fields), cmocka_unit_test(printed), cmocka_unit_test(wants),
                                               cmocka_unit_test(checksums) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
