/* ftp_cmd: stripping never grows a line and stays inside it; a verb is capital letters, then digits; an argument lies in the line and
 * holds no byte that ends lines. */
#include "fuzz.h"
#include "wire/ftp_cmd.h"

static void parsed(struct span line)
{
    struct ftp_cmd c;
    int rc = ftp_cmd_parse(line, &c);
    size_t letters, n;

    CHECK(rc == 0 || rc == -EINVAL || rc == -E2BIG || rc == -EBADMSG);
    if (rc < 0)
        return;
    n = strlen(c.verb);
    letters = strspn(c.verb, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    CHECK(letters >= 1 && n < FTP_VERB_CAP && letters + strspn(c.verb + letters, "0123456789") == n);
    CHECK(fuzz_inside(line, c.arg) && c.arg.len == (line.len > n ? line.len - n - 1 : 0));
    CHECK(span_find(c.arg, '\0') < 0 && span_find(c.arg, '\r') < 0 && span_find(c.arg, '\n') < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + !size);
    size_t n;

    memcpy(line, data, size);
    n = ftp_telnet_strip(line, size);
    CHECK(n <= size);
    CHECK(memchr(data, 0xFF, size) || (size && data[0] == 0xF2) || (n == size && memcmp(line, data, n) == 0));
    CHECK(n == 0 || ((unsigned char)line[0] != 0xFF && (unsigned char)line[0] != 0xF2));
    line = realloc(line, n + !n);
    parsed((struct span){ line, n });
    ftp_cmd_is_http((struct span){ line, n });
    free(line);
    return 0;
}
