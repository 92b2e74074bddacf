/* ftp_list: what the server prints, and the facts of MLSD and MLST. Reading `ls -l` has a test of its own. */
#include "wire/ftp_list.h"
#include "unit.h"

#define F(x) (1u << FTP_FACT_##x)

static const int64_t now = 1795428720; /* 2026-11-23 10:12:00 */

static void print_ls(void **state)
{
    const struct {
        struct ftp_entry e;
        const char *out;
    } rows[] = {
        { { .name = SPAN("name"), .size = 1234, .mtime = now, .mode = 0644, .nlink = 1 },
          "-rw-r--r--   1 ftp      ftp          1234 Nov 23 10:12 name\r\n" },
        { { .name = SPAN("a b "), .kind = FTP_DIR, .size = 4096, .mtime = 0, .mode = 040755, .nlink = 12 },
          "drwxr-xr-x  12 ftp      ftp          4096 Jan  1  1970 a b \r\n" },
        { { .name = SPAN("big"), .size = INT64_MAX, .mtime = now, .mode = 0100777 },
          "-rwxrwxrwx   1 ftp      ftp      9223372036854775807 Nov 23 10:12 big\r\n" },
        { { .name = SPAN("fifo"), .kind = FTP_OTHER, .mtime = now },
          "p---------   1 ftp      ftp             0 Nov 23 10:12 fifo\r\n" },
        { { .name = SPAN("x\r\n-rw"), .mtime = now },
          "----------   1 ftp      ftp             0 Nov 23 10:12 x?" "?-rw\r\n" },
        { { .name = SPAN("widest"), .size = -1, .mtime = INT64_MAX, .nlink = UINT32_MAX },
          "---------- 4294967295 ftp      ftp      18446744073709551615 Dec 31  9999 widest\r\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[256];
        struct buf b = BUF(out);

        ftp_list_print_ls(&b, &rows[i].e, now);
        same_text("ls", i, buf_span(&b), rows[i].out);
    }
}

static void print_is_whole_or_nothing(void **state)
{
    struct ftp_entry e = { .name = SPAN("name"), .mtime = now };
    char out[70];
    struct buf b = BUF(out);

    (void)state;
    ftp_list_print_ls(&b, &e, now);
    assert_false(b.over);
    assert_int_equal(b.len, 61);
    ftp_list_print_ls(&b, &e, now);
    assert_true(b.over);
    assert_int_equal(b.len, 61);
    b = (struct buf){ .at = out, .cap = 20, .len = 1 };
    ftp_list_print_facts(&b, &e, F(TYPE) | F(MODIFY), SPAN(""));
    assert_true(b.over);
    assert_int_equal(b.len, 1);
}

static void print_facts(void **state)
{
    const struct ftp_entry file = { .name = SPAN("name"), .size = 1234, .mtime = now, .mode = 0100640, .dev = 0x801,
        .ino = 0xABC, .uid = 1000, .gid = 100, .read = true, .write = true };
    const struct ftp_entry dir = { .name = SPAN("d"), .kind = FTP_DIR, .size = 4096, .mtime = now, .mode = 040755,
        .read = true, .add = true, .write = true };
    const struct ftp_entry up = { .name = SPAN(".."), .kind = FTP_PDIR, .read = true };
    const struct ftp_entry here = { .name = SPAN("."), .kind = FTP_CDIR, .add = true };
    const struct ftp_entry other = { .name = SPAN("s"), .kind = FTP_OTHER, .size = 3, .read = true, .write = true };
    const struct ftp_entry odd = { .name = SPAN(" a; b\n"), .size = 0 };
    const struct ftp_entry widest = { .name = SPAN("n"), .size = -1, .mtime = INT64_MAX, .mode = ~0u, .dev = UINT64_MAX,
        .ino = UINT64_MAX, .uid = UINT32_MAX, .gid = UINT32_MAX, .read = true, .add = true, .write = true };
    const struct {
        const struct ftp_entry *e;
        unsigned facts;
        const char *out;
    } rows[] = {
        { &file, F(TYPE) | F(SIZE) | F(MODIFY), "type=file;size=1234;modify=20261123101200; name" },
        { &file, ~0u, "type=file;size=1234;modify=20261123101200;perm=adfrw;unique=801gabc;UNIX.mode=0640;"
                      "UNIX.owner=1000;UNIX.group=100; name" },
        { &file, 0, " name" },
        { &dir, F(TYPE) | F(SIZE) | F(PERM), "type=dir;perm=cdeflmp; d" },
        { &up, F(TYPE) | F(PERM), "type=pdir;perm=el; .." },
        { &here, F(TYPE) | F(PERM), "type=cdir;perm=cem; ." },
        { &other, F(TYPE) | F(SIZE) | F(PERM), "type=OS.unix=other;perm=; s" },
        { &odd, F(SIZE), "size=0;  a; b?" },
        { &widest, ~0u, "type=file;size=18446744073709551615;modify=99991231235959;perm=adfrw;"
                        "unique=ffffffffffffffffgffffffffffffffff;UNIX.mode=7777;UNIX.owner=4294967295;"
                        "UNIX.group=4294967295; n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[256];
        struct buf b = BUF(out);

        ftp_list_print_facts(&b, rows[i].e, rows[i].facts, SPAN(""));
        same_text("facts", i, buf_span(&b), rows[i].out);
    }
}

static void names_of_facts(void **state)
{
    static const char *const names[FTP_FACTS] = {
        "type", "size", "modify", "perm", "unique", "UNIX.mode", "UNIX.owner", "UNIX.group", "X.partial",
    };

    (void)state;
    for (unsigned i = 0; i < FTP_FACTS; i++) {
        assert_string_equal(ftp_fact_name(i), names[i]);
        assert_int_equal(ftp_facts_parse(span_of(names[i])), 1u << i);
    }
}

static void opts_mlst(void **state)
{
    static const struct {
        const char *in;
        unsigned facts;
    } rows[] = {
        { "", 0 }, { ";", 0 }, { ";;;", 0 }, { "type;", F(TYPE) }, { "type", F(TYPE) },
        { "Type;SIZE;unix.MODE;", F(TYPE) | F(SIZE) | F(MODE) }, { "type;type;", F(TYPE) },
        { "media-type;create;lang;", 0 }, { "typ;types;", 0 }, { "nonsense;modify;", F(MODIFY) },
        { "type=file;", 0 }, { "size ; perm", F(SIZE) | F(PERM) },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        same_int("facts", i, ftp_facts_parse(span_of(rows[i].in)), rows[i].facts);
}

static void parse_facts(void **state)
{
    static const struct {
        const char *line;
        int rc;
        const char *name;
        enum ftp_kind kind;
        unsigned has;
        int64_t size, mtime;
    } rows[] = {
        /* RFC 3659 section 7.7 */
        { "Type=file;Size=1024990;Perm=r; /tmp/cap60.pl198.tar.gz", 1, "/tmp/cap60.pl198.tar.gz", FTP_FILE,
          F(TYPE) | F(SIZE) | F(PERM), 1024990, 0 },
        { "Type=dir;Modify=19981107085215;Perm=el; tmp", 1, "tmp", FTP_DIR, F(TYPE) | F(MODIFY) | F(PERM), 0, 910428735 },
        { "Type=cdir;Modify=19990219183438;Perm=el; /iana/assignments/", 1, "/iana/assignments/", FTP_CDIR,
          F(TYPE) | F(MODIFY) | F(PERM), 0, 919449278 },
        { "type=pdir;unique=AQkAAAAAAAABCAAA; ..", 1, "..", FTP_PDIR, F(TYPE), 0, 0 },
        /* ProFTPD */
        { "modify=20261123101200;perm=adfrw;size=7;type=file;unique=801U2A;UNIX.group=0;UNIX.mode=0644;UNIX.owner=0; x", 1,
          "x", FTP_FILE, F(MODIFY) | F(PERM) | F(SIZE) | F(TYPE) | F(MODE) | F(OWNER) | F(GROUP), 7, 1795428720 },
        /* pure-ftpd, which says sizd for folders */
        { "type=dir;sizd=4096;modify=20261123101200;UNIX.mode=0755;UNIX.uid=0;UNIX.gid=0;unique=802g12; d", 1, "d", FTP_DIR,
          F(TYPE) | F(MODIFY) | F(MODE) | F(OWNER) | F(GROUP) | F(UNIQUE), 0, 1795428720 },
        { "type=OS.unix=slink:/target; link", 1, "link", FTP_OTHER, F(TYPE), 0, 0 },
        { "type=OS.unix=symlink; link", 1, "link", FTP_OTHER, F(TYPE), 0, 0 },
        /* names */
        { "type=file; name with spaces", 1, "name with spaces", FTP_FILE, F(TYPE), 0, 0 },
        { "type=file;  leading and trailing ", 1, " leading and trailing ", FTP_FILE, F(TYPE), 0, 0 },
        { "type=file; a; b; c", 1, "a; b; c", FTP_FILE, F(TYPE), 0, 0 },
        { "type=file; size=3; x", 1, "size=3; x", FTP_FILE, F(TYPE), 0, 0 },
        { "type=file;  ", 1, " ", FTP_FILE, F(TYPE), 0, 0 },
        { " bare", 1, "bare", FTP_FILE, 0, 0, 0 },
        { "  bare", 1, " bare", FTP_FILE, 0, 0, 0 },
        { " type=file; x", 1, "type=file; x", FTP_FILE, 0, 0, 0 },
        { "type=file;UNIX.owner=John Doe; x", 1, "x", FTP_FILE, F(TYPE), 0, 0 },
        /* facts that are unknown, odd or wrong */
        { "media-type=text/plain;lang=en;x.y=1=2; x", 1, "x", FTP_FILE, 0, 0, 0 },
        { "type=;size=;modify=; x", 1, "x", FTP_FILE, 0, 0, 0 },
        { "size=-1; x", 1, "x", FTP_FILE, 0, 0, 0 },
        { "size=9223372036854775807; x", 1, "x", FTP_FILE, F(SIZE), INT64_MAX, 0 },
        { "size=9223372036854775808; x", 1, "x", FTP_FILE, 0, 0, 0 },
        { "modify=20260230000000; x", 1, "x", FTP_FILE, 0, 0, 0 },
        { "modify=20261123101200.999; x", 1, "x", FTP_FILE, F(MODIFY), 0, 1795428720 },
        { "UNIX.mode=9; x", 1, "x", FTP_FILE, 0, 0, 0 },
        { "UNIX.mode=77777777777777777777777; x", 1, "x", FTP_FILE, 0, 0, 0 },
        { "UNIX.owner=4294967296; x", 1, "x", FTP_FILE, 0, 0, 0 },
        { "unique=ffffffffffffffffg10000000000000000; x", 1, "x", FTP_FILE, 0, 0, 0 },
        { "unique=ffffffffffffffffgFFFFFFFFFFFFFFFF; x", 1, "x", FTP_FILE, F(UNIQUE), 0, 0 },
        { "unique=g; x", 1, "x", FTP_FILE, 0, 0, 0 },
        /* no entries */
        { "", 0, NULL, 0, 0, 0, 0 },
        { " ", 0, NULL, 0, 0, 0, 0 },
        { "name", -EBADMSG, NULL, 0, 0, 0, 0 },
        { "type=file;name", -EBADMSG, NULL, 0, 0, 0, 0 },
        { "type=file name", -EBADMSG, NULL, 0, 0, 0, 0 },
        { "type=file; ", -EBADMSG, NULL, 0, 0, 0, 0 },
        { "type=file;;size=1; x", -EBADMSG, NULL, 0, 0, 0, 0 },
        { "type; x", -EBADMSG, NULL, 0, 0, 0, 0 },
        { "=file; x", -EBADMSG, NULL, 0, 0, 0, 0 },
        { "; x", -EBADMSG, NULL, 0, 0, 0, 0 },
        { "-rw-r--r--   1 ftp      ftp          1234 Nov 23 10:12 a; b", -EBADMSG, NULL, 0, 0, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ftp_entry e = { .name = SPAN("kept") };

        same_int(rows[i].line, i, ftp_list_parse_facts(span_of(rows[i].line), &e), rows[i].rc);
        same_text("name", i, e.name, rows[i].rc > 0 ? rows[i].name : "kept");
        same_int("kind", i, e.kind, rows[i].kind);
        same_int("has", i, e.has, rows[i].has);
        same_int("size", i, e.size, rows[i].size);
        same_int("mtime", i, e.mtime, rows[i].mtime);
    }
}

static void parse_perm(void **state)
{
    static const struct {
        const char *line;
        bool read, add, write;
    } rows[] = {
        { "perm=; x", false, false, false },     { "perm=r; x", true, false, false },
        { "perm=adfrw; x", true, false, true },  { "perm=w; x", false, false, true },
        { "perm=el; x", true, false, false },    { "perm=cm; x", false, true, false },
        { "perm=CDEFLMP; x", true, true, true }, { "perm=zq1; x", false, false, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ftp_entry e = { 0 };

        assert_int_equal(ftp_list_parse_facts(span_of(rows[i].line), &e), 1);
        same_int("read", i, e.read, rows[i].read);
        same_int("add", i, e.add, rows[i].add);
        same_int("write", i, e.write, rows[i].write);
    }
}

static void facts_round_trip(void **state)
{
    const struct ftp_entry in = { .name = SPAN(" x; y "), .size = 77, .mtime = now, .mode = 04751, .dev = UINT64_MAX,
        .ino = 1, .uid = UINT32_MAX, .gid = 5, .partial = true, .read = true, .write = true };
    struct ftp_entry out = { 0 };
    char text[256];
    struct buf b = BUF(text);

    (void)state;
    ftp_list_print_facts(&b, &in, (1u << FTP_FACTS) - 1, SPAN(""));
    assert_int_equal(ftp_list_parse_facts(buf_span(&b), &out), 1);
    same_span("name", 0, out.name, in.name);
    assert_int_equal(out.has, (1u << FTP_FACTS) - 1);
    assert_int_equal(out.size, in.size);
    assert_int_equal(out.mtime, in.mtime);
    assert_int_equal(out.mode, in.mode);
    assert_true(out.dev == in.dev && out.ino == in.ino && out.uid == in.uid && out.gid == in.gid);
    assert_true(out.partial && out.read && !out.add && out.write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(print_ls), cmocka_unit_test(print_is_whole_or_nothing), cmocka_unit_test(print_facts),
        cmocka_unit_test(names_of_facts), cmocka_unit_test(opts_mlst), cmocka_unit_test(parse_facts),
        cmocka_unit_test(parse_perm), cmocka_unit_test(facts_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
