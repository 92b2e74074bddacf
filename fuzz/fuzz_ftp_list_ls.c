/* ftp_list_ls: any line, at any time: a name inside it, numbers in range, and what was understood prints as one line. */
#include "fuzz.h"
#include "wire/ftp_list.h"

static void print(const struct ftp_entry *e, int64_t now)
{
    char text[1024];
    struct buf b = BUF(text);
    struct ftp_entry back;

    ftp_list_print_ls(&b, e, now);
    if (b.over)
        return;
    CHECK(b.len > 2 && fuzz_harmless((struct span){ text, b.len - 2 }) && memcmp(text + b.len - 2, "\r\n", 2) == 0);
    CHECK(ftp_list_parse_ls((struct span){ text, b.len - 2 }, now, &back) == 1);
    CHECK(back.name.len == e->name.len || !fuzz_harmless(e->name));
    CHECK(back.size == e->size && (back.mode & 0777) == (e->mode & 0777));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ftp_entry e = { .nlink = 4711 };
    struct span line;
    uint32_t now;
    int rc;

    if (size < sizeof now)
        return 0;
    memcpy(&now, data, sizeof now);
    line = fuzz_span(data + sizeof now, size - sizeof now);
    rc = ftp_list_parse_ls(line, now, &e);
    CHECK(rc == 1 || rc == 0 || rc == -EBADMSG);
    CHECK(rc == 1 || e.nlink == 4711);
    if (rc < 1)
        return 0;
    CHECK(e.name.len && fuzz_inside(line, e.name) && e.size >= 0 && e.mode <= 07777);
    print(&e, now);
    return 0;
}
