/* ftp_list_ls: lines as real servers write them, and lines that nobody should write. */
#include "wire/ftp_list.h"
#include "wire/ftp_time.h"
#include "unit.h"

static const int64_t now = 1795428720; /* 2026-11-23 10:12:00 */

/* `when` is a time-val. */
struct row {
    const char *line, *name;
    enum ftp_kind kind;
    int64_t size;
    const char *when;
};

static void each(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ftp_entry e = { 0 };
        char when[32];
        struct buf b = BUF(when);

        same_int(rows[i].line, i, ftp_list_parse_ls(span_of(rows[i].line), now, &e), 1);
        ftp_time_print(&b, e.mtime);
        same_text("name", i, e.name, rows[i].name);
        same_int("kind", i, e.kind, rows[i].kind);
        same_int("size", i, e.size, rows[i].size);
        same_text("when", i, buf_span(&b), rows[i].when);
        same_int("has size", i, !!(e.has & 1u << FTP_FACT_SIZE), e.kind == FTP_FILE);
        assert_true(e.has & 1u << FTP_FACT_TYPE);
        assert_true(e.has & 1u << FTP_FACT_MODIFY);
    }
}

static void servers(void **state)
{
    static const struct row rows[] = {
        /* vsftpd */
        { "-rw-r--r--    1 0        0            1234 Nov 23 10:12 name", "name", FTP_FILE, 1234, "20261123101200" },
        { "drwxr-xr-x    2 1000     1000         4096 Feb 28  2025 pub", "pub", FTP_DIR, 4096, "20250228000000" },
        /* ProFTPD */
        { "-rw-rw-r--   1 user     group        1234 Nov  3 10:12 a.txt", "a.txt", FTP_FILE, 1234, "20261103101200" },
        { "drwxrwxr-x   2 (?)      (?)          4096 Nov  3 10:12 d", "d", FTP_DIR, 4096, "20261103101200" },
        { "lrwxrwxrwx   1 root     root            4 Nov  3 10:12 l -> a b", "l", FTP_OTHER, 4, "20261103101200" },
        /* pure-ftpd */
        { "-rw-r--r--    1 ftp        ftp            348 Dec 11  2019 README", "README", FTP_FILE, 348, "20191211000000" },
        { "drwx--s--T   10 1001       users             12 Jan  1  1999 s", "s", FTP_DIR, 12, "19990101000000" },
        /* pyftpdlib */
        { "-rw-rw-rw-   1 owner   group      7045120 Sep 02 03:47 music.mp3", "music.mp3", FTP_FILE, 7045120,
          "20260902034700" },
        { "drwxrwxrwx   1 owner   group            0 Aug 31 18:50 e-books", "e-books", FTP_DIR, 0, "20260831185000" },
        /* IIS in its UNIX mode, and in its own */
        { "-rwxrwxrwx   1 owner    group             1234 Nov 23 10:12 f", "f", FTP_FILE, 1234, "20261123101200" },
        { "11-23-26  10:12AM                 1234 name", "name", FTP_FILE, 1234, "20261123101200" },
        { "11-23-26  10:12AM       <DIR>          name", "name", FTP_DIR, 0, "20261123101200" },
        /* our own */
        { "-rw-r--r--   1 ftp      ftp          1234 Nov 23 10:12 name", "name", FTP_FILE, 1234, "20261123101200" },
        /* ACL marks, long-iso, full-iso, no group, no link count, device numbers */
        { "drwxr-xr-x+  3 root root 4096 Nov 23 10:12 acl", "acl", FTP_DIR, 4096, "20261123101200" },
        { "-rw-r--r--.  1 root root 1 Nov 23 10:12 selinux", "selinux", FTP_FILE, 1, "20261123101200" },
        { "-rw-r--r-- 1 root root 5 2026-11-23 10:12 iso", "iso", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 root 5 Nov 23 10:12 nogroup", "nogroup", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 5 Nov 23 10:12 bare", "bare", FTP_FILE, 5, "20261123101200" },
        { "drwxr-xr-x  folder        2 May 10  1996 network", "network", FTP_DIR, 2, "19960510000000" },
        { "-------r--  326  1391972  1392298 Nov 22  1995 MegaPhone.sit", "MegaPhone.sit", FTP_FILE, 1392298,
          "19951122000000" },
        { "crw-rw-rw-   1 root root   1,   3 Nov 23 10:12 null", "null", FTP_OTHER, 3, "20261123101200" },
        { "brw-rw----   1 root disk 8,0 0 Nov 23 10:12 sda", "sda", FTP_OTHER, 0, "20261123101200" },
        { "-rw-r--r-- 1 u g 5 23 Nov 10:12 swapped", "swapped", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 u g 5 nov 23 2020 lower", "lower", FTP_FILE, 5, "20201123000000" },
        { "-rw-r--r-- 1 u g 5 Nov 23 9:05 hour", "hour", FTP_FILE, 5, "20261123090500" },
    };

    (void)state;
    each(rows, COUNT(rows));
}

static void names(void **state)
{
    static const struct row rows[] = {
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12  leading", " leading", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12    three", "   three", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12 trailing ", "trailing ", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12  ", " ", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12 a  b", "a  b", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 1000 1000 5 Nov 23 10:12 7 Nov 23 2020 x", "7 Nov 23 2020 x", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12 a -> b", "a -> b", FTP_FILE, 5, "20261123101200" },
        { "lrwxrwxrwx 1 u g 5 Nov 23 10:12 a", "a", FTP_OTHER, 5, "20261123101200" },
        { "lrwxrwxrwx 1 u g 5 Nov 23 10:12 a b -> c -> d", "a b", FTP_OTHER, 5, "20261123101200" },
        { "lrwxrwxrwx 1 u g 5 Nov 23 10:12 a->b", "a->b", FTP_OTHER, 5, "20261123101200" },
        { "drwxr-xr-x 1 u g 5 Nov 23 10:12 .", ".", FTP_CDIR, 5, "20261123101200" },
        { "drwxr-xr-x 1 u g 5 Nov 23 10:12 ..", "..", FTP_PDIR, 5, "20261123101200" },
        { "drwxr-xr-x 1 u g 5 Nov 23 10:12 ...", "...", FTP_DIR, 5, "20261123101200" },
        { "-rw-r--r-- 1 Domain Users 5 Nov 23 10:12 x", "x", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 John Q Doe Domain Users 5 Nov 23 10:12 x", "x", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 1000 Domain Users 12 Nov 23 10:12 x y", "x y", FTP_FILE, 12, "20261123101200" },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12 \xFF\xE4", "\xFF\xE4", FTP_FILE, 5, "20261123101200" },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12 ../../etc/passwd", "../../etc/passwd", FTP_FILE, 5, "20261123101200" },
        { "11-23-26  10:12AM                 1234  two", " two", FTP_FILE, 1234, "20261123101200" },
        { "11-23-26  10:12AM       <DIR>           lead", " lead", FTP_DIR, 0, "20261123101200" },
        { "11-23-26  10:12AM       <DIR> short", "short", FTP_DIR, 0, "20261123101200" },
        { "11-23-26  10:12AM       <DIR>          a b ", "a b ", FTP_DIR, 0, "20261123101200" },
        { "11-23-26  10:12AM       <DIR>          ..", "..", FTP_PDIR, 0, "20261123101200" },
        { "11-23-26  10:12AM       <JUNCTION>     j", "j", FTP_OTHER, 0, "20261123101200" },
    };

    (void)state;
    each(rows, COUNT(rows));
}

static void dates(void **state)
{
    static const struct row rows[] = {
        /* without a year: the latest that is not later than tomorrow */
        { "-rw-r--r-- 1 u g 5 Nov 24 10:12 x", "x", FTP_FILE, 5, "20261124101200" },
        { "-rw-r--r-- 1 u g 5 Nov 24 10:13 x", "x", FTP_FILE, 5, "20251124101300" },
        { "-rw-r--r-- 1 u g 5 Dec 31 23:59 x", "x", FTP_FILE, 5, "20251231235900" },
        { "-rw-r--r-- 1 u g 5 Jan  1 00:00 x", "x", FTP_FILE, 5, "20260101000000" },
        { "-rw-r--r-- 1 u g 5 Feb 29 12:00 x", "x", FTP_FILE, 5, "20240229120000" },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12:33 x", "x", FTP_FILE, 5, "20261123101233" },
        /* with one: the future is as good as the past */
        { "-rw-r--r-- 1 u g 5 Nov 23  2099 x", "x", FTP_FILE, 5, "20991123000000" },
        { "-rw-r--r-- 1 u g 5 Jan  1  1970 x", "x", FTP_FILE, 5, "19700101000000" },
        { "-rw-r--r-- 1 u g 5 Feb 29  2000 x", "x", FTP_FILE, 5, "20000229000000" },
        { "-rw-r--r-- 1 u g 5 9999-12-31 23:59 x", "x", FTP_FILE, 5, "99991231235900" },
        { "11-23-1999  10:12PM  5 x", "x", FTP_FILE, 5, "19991123221200" },
        { "11-23-99  12:00AM  5 x", "x", FTP_FILE, 5, "19991123000000" },
        { "11-23-69  12:00PM  5 x", "x", FTP_FILE, 5, "20691123120000" },
        { "11-23-70  12:30pm  5 x", "x", FTP_FILE, 5, "19701123123000" },
        { "11-23-26  22:12  5 x", "x", FTP_FILE, 5, "20261123221200" },
    };

    (void)state;
    each(rows, COUNT(rows));
}

static void new_year(void **state)
{
    struct ftp_entry e;
    char when[32];
    struct buf b = BUF(when);

    (void)state; /* the server is already in the next year: 2026-12-31 23:30, read as 2027-01-01 */
    assert_int_equal(ftp_list_parse_ls(SPAN("-rw-r--r-- 1 u g 5 Jan  1 01:30 x"), 1798759800, &e), 1);
    ftp_time_print(&b, e.mtime);
    same_text("next year", 0, buf_span(&b), "20270101013000");
}

static void mad_clocks(void **state)
{
    static const int64_t clocks[] = { INT64_MIN, INT64_MAX, 0, -1, 253402300799 };
    struct ftp_entry e;

    (void)state;
    for (size_t i = 0; i < COUNT(clocks); i++) {
        int rc = ftp_list_parse_ls(SPAN("-rw-r--r-- 1 u g 5 Jan  1 01:30 x"), clocks[i], &e);

        assert_true(rc == 1 || rc == -EBADMSG);
    }
}

static void columns(void **state)
{
    struct ftp_entry e;

    (void)state;
    assert_int_equal(ftp_list_parse_ls(SPAN("-rwsr-Sr-t 7 1000 100 5 Nov 23 10:12 x"), now, &e), 1);
    assert_int_equal(e.mode, 07745);
    assert_int_equal(e.nlink, 7);
    assert_int_equal(e.uid, 1000);
    assert_int_equal(e.gid, 100);
    assert_int_equal(e.has, 1u << FTP_FACT_TYPE | 1u << FTP_FACT_SIZE | 1u << FTP_FACT_MODIFY | 1u << FTP_FACT_MODE |
                                1u << FTP_FACT_OWNER | 1u << FTP_FACT_GROUP);
    assert_int_equal(ftp_list_parse_ls(SPAN("-rw-r----- 1 root 99999999999 5 Nov 23 10:12 x"), now, &e), 1);
    assert_int_equal(e.mode, 0640);
    assert_false(e.has & (1u << FTP_FACT_OWNER | 1u << FTP_FACT_GROUP));
}

static void no_entries(void **state)
{
    static const struct {
        const char *line;
        int rc;
    } rows[] = {
        { "", 0 }, { "   ", 0 }, { "total 12", 0 }, { "total 0", 0 }, { "total  12 ", 0 },
        { "total", -EBADMSG }, { "total nonsense", -EBADMSG }, { "./sub:", -EBADMSG }, { "name", -EBADMSG },
        { "ls: cannot open directory: Permission denied", -EBADMSG },
        { "-rw-r--r--", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:12 ", -EBADMSG },
        { "-rw-r--r-- 1 u g Nov 23 10:12 x", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 Nov 31 10:12 x", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 Nov 23 25:12 x", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 Nov 23 10:60 x", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 Nov 23 20 x", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 Feb 29  2026 x", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 Foo 23  2026 x", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 2026-13-01 10:12 x", -EBADMSG },
        { "-rw-r--r-- 1 u g 5 2026-11-01 x", -EBADMSG },
        { "-rw-r--r-- 1 u g -5 Nov 23 10:12 x", -EBADMSG },
        { "-rw-r--r-- 1 u g 9223372036854775808 Nov 23 10:12 x", -EBADMSG },
        { "-rw-r--q-- 1 u g 5 Nov 23 10:12 x", -EBADMSG },
        { "-rw-r--r--x 1 u g 5 Nov 23 10:12 x", -EBADMSG },
        { "?rw-r--r-- 1 u g 5 Nov 23 10:12 x", -EBADMSG },
        { "zrw-r--r-- 1 u g 5 Nov 23 10:12 x", -EBADMSG },
        { "lrwxrwxrwx 1 u g 5 Nov 23 10:12  -> x", -EBADMSG },
        { "-rw-r--r-- a b c d e f g h i j k l m n 5 Nov 23 10:12 x", -EBADMSG },
        { "type=file;size=3; x", -EBADMSG },
        { "13-23-26  10:12AM  5 x", -EBADMSG },
        { "11-23-126  10:12AM  5 x", -EBADMSG },
        { "11-23-26  13:12AM  5 x", -EBADMSG },
        { "11-23-26  00:12PM  5 x", -EBADMSG },
        { "11-23-26  10AM  5 x", -EBADMSG },
        { "11-23-26  AM  5 x", -EBADMSG },
        { "11-23-26  10:12AM  DIR x", -EBADMSG },
        { "11-23-26  10:12AM  <DIR x", -EBADMSG },
        { "11-23-26  10:12AM  -5 x", -EBADMSG },
        { "11-23-26  10:12AM  5", -EBADMSG },
        { "11-23-26  10:12AM  <DIR>     ", -EBADMSG },
        { "11-23-26", -EBADMSG },
        { "2026-11-23", -EBADMSG },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ftp_entry e = { .name = SPAN("kept"), .size = 42 };

        same_int(rows[i].line, i, ftp_list_parse_ls(span_of(rows[i].line), now, &e), rows[i].rc);
        same_text("kept", i, e.name, "kept");
        same_int("kept", i, e.size, 42);
    }
}

static void long_lines(void **state)
{
    static char line[8192];
    struct ftp_entry e;
    const char *start = "-rw-r--r-- 1 u g 5 Nov 23 10:12 ";

    (void)state;
    memset(line, 'x', sizeof line);
    assert_int_equal(ftp_list_parse_ls((struct span){ line, sizeof line }, now, &e), -EBADMSG);
    memcpy(line, start, strlen(start));
    assert_int_equal(ftp_list_parse_ls((struct span){ line, sizeof line }, now, &e), 1);
    assert_int_equal(e.name.len, sizeof line - strlen(start));
    memset(line + 11, ' ', sizeof line - 11);
    assert_int_equal(ftp_list_parse_ls((struct span){ line, sizeof line }, now, &e), -EBADMSG);
}

static void own_round_trip(void **state)
{
    static const enum ftp_kind kinds[] = { FTP_FILE, FTP_DIR, FTP_OTHER };

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct ftp_entry in = { .name = SPAN("  a -> b; c "), .kind = kinds[i], .size = 1 + (int64_t)i, .mtime = now - 60,
            .mode = 0751, .nlink = 3 }, out;
        char text[256];
        struct buf b = BUF(text);

        ftp_list_print_ls(&b, &in, now);
        assert_int_equal(ftp_list_parse_ls((struct span){ text, b.len - 2 }, now, &out), 1);
        same_span("name", i, out.name, in.name);
        assert_int_equal(out.kind, in.kind);
        assert_int_equal(out.size, in.size);
        assert_int_equal(out.mtime, in.mtime);
        assert_int_equal(out.mode, in.mode);
        assert_int_equal(out.nlink, in.nlink);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers), cmocka_unit_test(names), cmocka_unit_test(dates), cmocka_unit_test(new_year),
        cmocka_unit_test(mad_clocks), cmocka_unit_test(columns), cmocka_unit_test(no_entries),
        cmocka_unit_test(long_lines), cmocka_unit_test(own_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
