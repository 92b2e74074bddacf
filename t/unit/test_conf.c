/* Options: flags, environment, defaults and their order; every complaint names what was given and what would do. */
#include "unit.h"

#include "conf/conf.h"

static char text[300];

static int args(struct conf *c, struct buf *err, const char *const *words)
{
    static char copies[16][80];
    char *argv[17] = { copies[0] };
    int n = 1;

    *err = BUF(text);
    strcpy(copies[0], "serve");
    for (; words[n - 1]; n++) {
        snprintf(copies[n], sizeof copies[n], "%s", words[n - 1]);
        argv[n] = copies[n];
    }
    assert_int_equal(conf_init(c, err), 0);
    return conf_args(c, n, argv, err);
}

#define ARGS(...) args(&c, &err, (const char *const[]){ __VA_ARGS__, NULL })

static void defaults_are_those_of_the_table(void **state)
{
    static struct conf c; /* large for a stack */
    struct buf err = BUF(text);

    (void)state;
    assert_int_equal(conf_init(&c, &err), 0);
    assert_int_equal(c.ftp.port, 2121);
    assert_int_equal(c.idle_timeout, 300);
    assert_false(c.read_only);
    assert_null(c.dir);
}

static void flags_of_every_type(void **state)
{
    static struct conf c; /* large for a stack */
    struct buf err;

    (void)state;
    assert_int_equal(ARGS("--ftp", "0", "--bind=::1", "--bind", "127.0.0.1", "--passive", "5000-5001", "--hidden", "dir",
                          "--model=pool", "--max-sessions", "7"), 0);
    assert_int_equal(c.ftp.port, 0);
    assert_int_equal(c.bind.n, 2);
    assert_string_equal(c.bind.item[0], "::1");
    assert_int_equal(c.passive.min, 5000);
    assert_int_equal(c.passive.max, 5001);
    assert_true(c.hidden);
    assert_string_equal(c.dir, "dir");
    assert_string_equal(c.model, "pool");
    assert_int_equal(c.max_sessions, 7);
}

/* The later word wins, also over one that closed the door. */
static void a_door_is_a_port_or_off(void **state)
{
    static struct conf c; /* large for a stack */
    struct buf err;

    (void)state;
    assert_int_equal(ARGS("--ftp", "off"), 0);
    assert_true(c.ftp.off && c.ftp.said);
    assert_true(!c.http.off && !c.http.said && c.http.port == 8080);
    assert_int_equal(ARGS("--ftp", "off", "--ftp", "21"), 0);
    assert_true(!c.ftp.off && c.ftp.port == 21);
    err = BUF(text);
    assert_int_equal(ARGS("--http", "shut"), -EINVAL);
    assert_string_equal(buf_cstr(&err), "--http: \"shut\" is not a port number, 0 to 65535, or off");
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: none */
    } rows[] = {
        { "0", 0 },         { "1", 1 },           { "1000", 1000 },   { "1K", 1024 },      { "1k", 1024 },
        { "3M", 3 << 20 },  { "2g", INT64_C(2) << 30 }, { "5T", INT64_C(5) << 40 }, { "0T", 0 }, { "", -1 },
        { "K", -1 },        { "1KB", -1 },        { "1 K", -1 },      { "-1", -1 },        { "+1", -1 },
        { "1.5G", -1 },     { "0x10", -1 },       { "1P", -1 },       { "1K ", -1 },       { " 1", -1 },
        { "9223372036854775807", INT64_MAX },     { "9223372036854775808", -1 },
        { "8388607T", INT64_C(8388607) << 40 },   { "8388608T", -1 }, { "99999999999999999999", -1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t got = -7;
        int rc = span_bytes(span_of(rows[i].text), &got);

        same_int("refused", i, rc < 0, rows[i].bytes < 0);
        same_int("bytes", i, got, rc < 0 ? -7 : rows[i].bytes);
    }
}

static void how_uploads_are_stored(void **state)
{
    static struct conf c; /* large for a stack */
    struct buf err = BUF(text);

    (void)state;
    assert_int_equal(conf_init(&c, &err), 0);
    assert_int_equal(c.keep_free, CONF_AUTO);
    assert_int_equal(c.memory, CONF_NONE);
    assert_int_equal(c.keep_partials, 7);
    assert_int_equal(c.quota.n, 0);
    assert_null(c.checksum);
    assert_false(c.durable);
    assert_int_equal(ARGS("--quota", "1G", "--quota=ann=2G:10", "--keep-free", "500M", "--keep-partials", "0", "--checksum",
                          "sha256,crc32", "--durable", "--memory", "64M"), 0);
    assert_int_equal(c.quota.n, 2);
    assert_string_equal(c.quota.item[1], "ann=2G:10");
    assert_int_equal(c.keep_free, 500 << 20);
    assert_int_equal(c.keep_partials, 0);
    assert_string_equal(c.checksum, "sha256,crc32");
    assert_true(c.durable);
    assert_int_equal(c.memory, 64 << 20);
    assert_int_equal(ARGS("--keep-free=0"), 0); /* not the same as leaving it to us */
    assert_int_equal(c.keep_free, 0);
}

static void a_folder_that_looks_like_a_flag(void **state)
{
    static struct conf c; /* large for a stack */
    struct buf err;

    (void)state;
    assert_int_equal(ARGS("--", "--odd"), 0);
    assert_string_equal(c.dir, "--odd");
}

static void complaints(void **state)
{
    static const struct {
        const char *words[4];
        const char *says;
    } rows[] = {
        { { "--ftp", "70000" }, "\"70000\" is not a port number" },
        { { "--ftp", "21x" }, "\"21x\" is not a port number" },
        { { "--ftp" }, "--ftp wants a port number" },
        { { "--passive", "9-5" }, "two ports" },
        { { "--passive", "0-5" }, "two ports" },
        { { "--nonsense" }, "--nonsense is no option" },
        { { "-x" }, "-x is no option" },
        { { "a", "b" }, "two were named: a and b" },
        { { "--hidden=perhaps" }, "yes or no" },
        { { "--model", "" }, "is not a value" },
        { { "--keep-free", "much" }, "\"much\" is not a number of bytes, as 500M or 20G" },
        { { "--memory", "-1" }, "a number of bytes" },
        { { "--keep-partials", "week" }, "\"week\" is not a number" },
        { { "--durable=perhaps" }, "yes or no" },
        { { "--quota" }, "--quota wants" },
    };
    static struct conf c; /* large for a stack */
    struct buf err;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        same_int("result", i, args(&c, &err, rows[i].words), -EINVAL);
        if (!strstr(buf_cstr(&err), rows[i].says))
            fail_msg("row %zu says: %s", i, buf_cstr(&err));
    }
}

static void environment_below_flags(void **state)
{
    static struct conf c; /* large for a stack */
    struct buf err;

    (void)state;
    setenv("DRAY_FTP", "99", 1);
    setenv("DRAY_MAX_SESSIONS", "5", 1);
    assert_int_equal(ARGS("--max-sessions", "6"), 0);
    assert_int_equal(c.ftp.port, 99);
    assert_int_equal(c.max_sessions, 6);
    setenv("DRAY_FTP", "ninety", 1);
    err = BUF(text);
    assert_int_equal(conf_init(&c, &err), -EINVAL);
    unsetenv("DRAY_FTP");
    unsetenv("DRAY_MAX_SESSIONS");
}

/* What ps shows is argv: the password must be gone from there and still be known. */
static void secrets_leave_the_process_list(void **state)
{
    char flag[] = "--account", value[] = "bob:secret:write", *argv[] = { flag, flag, value };
    char joined[] = "--account=eve:hush", *argv2[] = { joined, joined };
    static struct conf c; /* large for a stack */
    struct buf err = BUF(text);

    (void)state;
    conf_init(&c, &err);
    assert_int_equal(conf_args(&c, 3, argv, &err), 0);
    assert_int_equal(conf_args(&c, 2, argv2, &err), 0);
    assert_string_equal(c.account.item[0], "bob:secret:write");
    assert_string_equal(c.account.item[1], "eve:hush");
    assert_null(strstr(value, "secret"));
    assert_null(strstr(joined, "hush"));
    conf_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table), cmocka_unit_test(flags_of_every_type),
        cmocka_unit_test(a_door_is_a_port_or_off),         cmocka_unit_test(sizes),
        cmocka_unit_test(how_uploads_are_stored),
        cmocka_unit_test(a_folder_that_looks_like_a_flag), cmocka_unit_test(complaints),
        cmocka_unit_test(environment_below_flags),         cmocka_unit_test(secrets_leave_the_process_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
