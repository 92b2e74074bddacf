/* ftp_list, facts: a name is the rest of the line; what was understood prints, and parses to the same again. */
#include "fuzz.h"
#include "wire/ftp_list.h"

static void again(const struct ftp_entry *e)
{
    char text[8192];
    struct buf b = BUF(text);
    struct ftp_entry back;

    ftp_list_print_facts(&b, e, e->has, SPAN(""));
    CHECK(b.over || fuzz_harmless(buf_span(&b)));
    if (b.over || span_trim(buf_span(&b)).len == 0)
        return;
    CHECK(ftp_list_parse_facts(buf_span(&b), &back) == 1);
    CHECK(back.name.len <= e->name.len && back.kind == e->kind);
    CHECK(back.has == (e->kind == FTP_FILE ? e->has : e->has & ~(1u << FTP_FACT_SIZE)));
    CHECK(back.mtime == e->mtime && back.mode == e->mode && back.uid == e->uid && back.gid == e->gid);
    CHECK(back.dev == e->dev && back.ino == e->ino && (e->kind != FTP_FILE || back.size == e->size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span line = fuzz_span(data, size);
    struct ftp_entry e = { .nlink = 4711 };
    int rc = ftp_list_parse_facts(line, &e);

    CHECK(rc == 1 || rc == 0 || rc == -EBADMSG);
    CHECK(rc == 1 || e.nlink == 4711);
    CHECK(ftp_facts_parse(line) < 1u << FTP_FACTS);
    if (rc < 1)
        return 0;
    CHECK(e.name.len && fuzz_inside(line, e.name) && e.name.at + e.name.len == line.at + line.len);
    CHECK(e.size >= 0 && e.mode <= 07777);
    again(&e);
    return 0;
}
