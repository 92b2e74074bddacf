/* words: prints the dictionary of fuzz_session, from the tables of the server: each command with what HELP says of its arguments, so
 * that a new row is a new word. Beside them what the tables do not hold: answers to their questions, Telnet, TLS, and what the client
 * of fuzz_session does beside speaking. Run by the build. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *verb, *syntax;
} rows[] = {
#define FTP(verb, handler, flags, code, syntax, help) { verb, syntax },
#include "proto/ftp/ftp.def"
#undef FTP
};

static const char *const more[] = {
    "USER bob\r\nPASS x\r\n", "USER ftp\r\nPASS\r\n", "TYPE I\r\n", "TYPE A\r\n", "EPSV\r\n", "PASV\r\n", "PORT 10,0,0,2,19,136\r\n",
    "EPRT |1|10.0.0.2|5000|\r\n", "EPRT |2|::|5000|\r\n", "REST 3\r\n", "RANG 2 5\r\n", "ALLO 10\r\n", "AUTH TLS\r\n", "PBSZ 0\r\nPROT P\r\n",
    "PROT C\r\n", "SITE CHMOD 644 ", "SITE UTIME 20200101000000 ", "SITE PARTIAL ", "OPTS MLST ", "OPTS HASH ", "OPTS UTF8 ON", "SHA-256",
    "CRC32", "MD5", "SHA-1", "SHA-512", "Modify=20200101000000;", "UNIX.mode=644;", "type;size;", " a.txt\r\n", " /d/big\r\n", " /d/e\r\n",
    " up\r\n", " part\r\n", "-la ", "../", "/", "*", "\"a.txt\" 1 9", "\n---\n", "\xff\xf4\xff\xf2", "\xff\xff", "\xff\xfd", "GET / HTTP/1.1\r\n",
    "!f\n", "!c\n", "!r\n", "!d\n", "!x\n", "!t\n", "!T\n", "!s\n", "!S\n", "!h\n", "!q\n", "!k\n", "!g\n", "!n\n", "!w",
    "\x16\x03\x01", "\x14\x03\x03\x01", "\x15\x03\x03\x02", "\x17\x03\x03", "\x18\x03\x03", "%n%s", "\x1b[2J",
};

static void word(const char *text, const char *end)
{
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (isalnum(*c) || strchr(" /-_.;=|", *c))
            putchar(*c);
        else
            printf("\\x%02x", *c);
    }
    printf("%s\"\n", end);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        word(rows[i].verb, *rows[i].syntax && *rows[i].syntax != '[' ? " " : "\\x0d\\x0a");
        if (strchr(rows[i].syntax, '['))
            word(rows[i].verb, " ");
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        word(more[i], "");
    return 0;
}
