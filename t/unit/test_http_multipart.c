/* http_multipart: what browsers and curl send, and what they do not. */
#include "unit.h"
#include "wire/http_multipart.h"

static void boundaries(void **state)
{
    static const struct {
        const char *type;
        int rc;
        const char *boundary;
    } rows[] = {
        { "multipart/form-data; boundary=----WebKitFormBoundaryAb3", 0, "----WebKitFormBoundaryAb3" },
        { "Multipart/Form-Data ;\tcharset=utf-8 ; BOUNDARY=\"a b'()+_,-./:=?\"", 0, "a b'()+_,-./:=?" },
        { "multipart/form-data; boundary=1234567890123456789012345678901234567890123456789012345678901234567890", 0,
          "1234567890123456789012345678901234567890123456789012345678901234567890" },
        { "multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901", -EINVAL, NULL },
        { "multipart/form-data", -EINVAL, NULL },
        { "multipart/form-data; boundary=", -EINVAL, NULL },
        { "multipart/form-data; boundary=\"\"", -EINVAL, NULL },
        { "multipart/form-data; boundary=\"a \"", -EINVAL, NULL },
        { "multipart/form-data; boundary=\"a", -EINVAL, NULL },
        { "multipart/form-data; boundary=\"a\\\"b\"", -EINVAL, NULL },
        { "multipart/form-data; boundary=a&b", -EINVAL, NULL },
        { "multipart/form-data; boundary=a; boundary=a", -EINVAL, NULL },
        { "multipart/form-data; boundary=a b", -EINVAL, NULL },
        { "multipart/form-data boundary=a", -EINVAL, NULL },
        { "multipart/form-data; =a; boundary=a", -EINVAL, NULL },
        { "multipart/mixed; boundary=a", -ENOENT, NULL },
        { "multipart/form-data-2; boundary=a", -ENOENT, NULL },
        { "application/x-www-form-urlencoded", -ENOENT, NULL },
        { "", -ENOENT, NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span out = { 0 };

        same_int(rows[i].type, i, http_multipart_boundary(span_of(rows[i].type), &out), rows[i].rc);
        same_text(rows[i].type, i, out, rows[i].boundary ? rows[i].boundary : "");
    }
}

#define D "Content-Disposition: form-data; "

static void heads(void **state)
{
    static const struct {
        const char *head;
        int rc;
        const char *name, *file;
    } rows[] = {
        { D "name=\"file\"; filename=\"a b.txt\"\r\nContent-Type: text/plain\r\n", 0, "file", "a b.txt" },
        { "content-type:text/plain\r\ncontent-disposition:Form-Data;NAME=file;FileName=x\r\n", 0, "file", "x" },
        { D "name=\"file\"; filename=\"\"\r\n", 0, "file", "" },
        { D "name=\"replace\"\r\n", 0, "replace", NULL },
        { D "name=\"f\"; filename=\"C:\\dir\\\xc3\xa4.txt\"\r\n", 0, "f", "C:\\dir\\\xc3\xa4.txt" },
        { D "name=\"f\"; filename=\"a\\\"b%22c\\\\\"\r\n", 0, "f", "a\"b\"c\\" },
        { D "filename=\"a\"\r\n", -EINVAL, NULL, NULL },
        { D "name=\"f\"; filename=\"a\"; filename=\"b\"\r\n", -EINVAL, NULL, NULL },
        { D "name=\"f\"; filename*=utf-8''a\r\n", -EINVAL, NULL, NULL },
        { D "name=\"f\"; filename=\"a\r\n", -EINVAL, NULL, NULL },
        { D "name=\"f\"; filename=\"a\\\"\r\n", -EINVAL, NULL, NULL },
        { D "name=\"f\"; filename=\"a\nb\"\r\n", -EINVAL, NULL, NULL },
        { D "name=\"f\"\r\n" D "name=\"g\"\r\n", -EINVAL, NULL, NULL },
        { D "name=\"f\";\r\n filename=\"a\"\r\n", -EINVAL, NULL, NULL },
        { D "name=\"f\"\r\nContent-Transfer-Encoding: base64\r\n", -EINVAL, NULL, NULL },
        { D "name=\"f\"", -EINVAL, NULL, NULL },
        { D "name=\"f\"\n", -EINVAL, NULL, NULL },
        { D "name=\"f\"\r\n : x\r\n", -EINVAL, NULL, NULL },
        { "Content-Disposition: attachment; name=\"f\"\r\n", -EINVAL, NULL, NULL },
        { "Content-Type: text/plain\r\n", -EINVAL, NULL, NULL },
        { "", -EINVAL, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_part part = { 0 };
        char name[40] = "", file[40] = "";

        same_int(rows[i].head, i, http_part_parse(span_of(rows[i].head), &part), rows[i].rc);
        http_part_text(part.name, name, sizeof name);
        http_part_text(part.filename, file, sizeof file);
        same_text(rows[i].head, i, span_of(name), rows[i].name ? rows[i].name : "");
        same_text(rows[i].head, i, span_of(file), rows[i].file ? rows[i].file : "");
        assert_int_equal(part.filename.at != NULL, rows[i].file != NULL);
    }
}

static void names_have_their_room(void **state)
{
    char text[4];

    (void)state;
    assert_int_equal(http_part_text(SPAN("abc"), text, sizeof text), 3);
    assert_int_equal(http_part_text(SPAN("a%22c"), text, sizeof text), 3);
    assert_int_equal(http_part_text(SPAN("abcd"), text, sizeof text), -ENAMETOOLONG);
    assert_int_equal(http_part_text(SPAN(""), text, 0), -ENAMETOOLONG);
}

/* Cut anywhere, the same content comes out, and what looks like the beginning of an end is content if it is none. */
static void content_ends_at_the_delimiter(void **state)
{
    static const char all[] = "one\r\n\r\n--\r\n--X\r\n--XY tail";
    const struct span delimiter = SPAN("\r\n--XY");
    const size_t right = sizeof "one\r\n\r\n--\r\n--X" - 1;

    (void)state;
    for (size_t cut = 0; cut < sizeof all; cut++) {
        bool ends = false;
        size_t n = http_part_content((struct span){ all, cut }, delimiter, &ends);

        assert_int_equal(ends, cut >= right + delimiter.len);
        assert_true(n <= right && (n + delimiter.len > cut || ends));
        n += ends ? 0 : http_part_content((struct span){ all + n, sizeof all - 1 - n }, delimiter, &ends);
        assert_int_equal(n, right);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(boundaries), cmocka_unit_test(heads), cmocka_unit_test(names_have_their_room),
                                               cmocka_unit_test(content_ends_at_the_delimiter) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
