/* TLS streams over a socket pair, the peer being OpenSSL by hand in a thread: torn bytes, interrupted writes, every way to end. */
#include "unit_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/io.h"

enum { BIG = 3 << 20, SOME = 40000 };

static const struct rt_stop never = { -1, -1 };
static struct rt_task task;
static struct tls *tls;
static char big[BIG];

/* ---- the peer ---- */

struct peer {
    int fd;
    bool torn;       /* sends byte by byte */
    int start;       /* a pipe: begins to read when a byte comes; -1: at once */
    const char *say; /* what it sends, */
    size_t len;
    int cut;         /* then leaves out so many bytes of the records, */
    bool notify;     /* says close_notify, and ends */
    char *got;
    size_t got_len;
    bool told;       /* close_notify came */
    SSL *ssl;
    BIO *in, *out;
};

static void send_sealed(struct peer *p, size_t less)
{
    size_t len = BIO_ctrl_pending(p->out), step;
    char *at = malloc(len + 1);

    assert_int_equal(BIO_read(p->out, at, (int)len), len ? (int)len : -1);
    len -= less;
    for (size_t done = 0; done < len; done += step) {
        step = p->torn ? 1 : len - done;
        assert_int_equal(send(p->fd, at + done, step, MSG_NOSIGNAL), step);
    }
    free(at);
}

static bool feed(struct peer *p)
{
    char bytes[1500];
    ssize_t n = read(p->fd, bytes, sizeof bytes);

    if (n > 0)
        BIO_write(p->in, bytes, (int)n);
    return n > 0;
}

static void listen_to_the_end(struct peer *p)
{
    size_t n;

    p->got = malloc(BIG + 1000);
    for (;;) {
        while (SSL_read_ex(p->ssl, p->got + p->got_len, BIG + 1000 - p->got_len, &n) == 1)
            p->got_len += n;
        if (SSL_get_shutdown(p->ssl) & SSL_RECEIVED_SHUTDOWN || !feed(p))
            break;
    }
    p->told = SSL_get_shutdown(p->ssl) & SSL_RECEIVED_SHUTDOWN;
}

static void talk(struct peer *p)
{
    char byte;
    int rc;

    while ((rc = SSL_do_handshake(p->ssl)) != 1) {
        send_sealed(p, 0);
        if (!feed(p))
            return;
    }
    send_sealed(p, 0);
    if (p->len) {
        assert_int_equal(SSL_write(p->ssl, p->say, (int)p->len), (int)p->len);
        send_sealed(p, (size_t)p->cut);
    }
    if (p->notify) {
        SSL_shutdown(p->ssl);
        send_sealed(p, 0);
    }
    if (p->len && !p->notify) /* after close_notify the socket itself need not end */
        shutdown(p->fd, SHUT_WR);
    if (p->start >= 0)
        assert_int_equal(read(p->start, &byte, 1), 1);
    listen_to_the_end(p);
}

static void *run(void *arg)
{
    struct peer *p = arg;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    p->ssl = SSL_new(ctx);
    p->in = BIO_new(BIO_s_mem());
    p->out = BIO_new(BIO_s_mem());
    SSL_set_bio(p->ssl, p->in, p->out);
    SSL_set_connect_state(p->ssl);
    talk(p);
    SSL_free(p->ssl);
    SSL_CTX_free(ctx);
    return NULL;
}

static struct io *stream_to(int *far)
{
    struct io *io;
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(io_socket(&task, fd[0], &io), 0);
    io_deadline(io, rt_after(&task, 20));
    *far = fd[1];
    return io;
}

static struct io *meet(struct peer *p, struct tls_rules rules, const struct io *control, pthread_t *id)
{
    struct io *io = stream_to(&p->fd);

    assert_int_equal(io_starttls(io, tls, control, rules), 0);
    assert_int_equal(pthread_create(id, NULL, run, p), 0);
    assert_int_equal(io_handshake(io), 0);
    assert_true(io_is_tls(io));
    return io;
}

static void part(struct peer *p, pthread_t id)
{
    pthread_join(id, NULL);
    free(p->got);
    close(p->fd);
}

/* ---- the tests ---- */

static void bytes_one_by_one(void **state)
{
    struct peer p = { .torn = true, .start = -1, .say = "one\r\ntwo\r\n", .len = 10, .notify = true };
    char *line;
    size_t len;
    pthread_t id;
    struct io *io = meet(&p, (struct tls_rules){ 0 }, NULL, &id);

    (void)state;
    assert_int_equal(io_line(io, IO_LINE_MAX, &line, &len), 0);
    same_text("line", 0, (struct span){ line, len }, "one");
    assert_int_equal(io_line(io, IO_LINE_MAX, &line, &len), 0);
    same_text("line", 1, (struct span){ line, len }, "two");
    assert_int_equal(io_line(io, IO_LINE_MAX, &line, &len), -ENODATA);
    assert_false(io_truncated(io));
    assert_int_equal(io_put(io, SPAN("goodbye")), 0);
    assert_int_equal(io_close(&io), 0);
    pthread_join(id, NULL);
    same_text("answer", 0, (struct span){ p.got, p.got_len }, "goodbye");
    assert_true(p.told);
    free(p.got);
    close(p.fd);
}

static void an_interrupted_write_goes_on(void **state)
{
    int start[2], far;
    struct io *control = stream_to(&far), *io;
    struct peer p = { 0 };
    size_t done = 0, before;
    pthread_t id;

    (void)state;
    assert_int_equal(pipe(start), 0);
    p.start = start[0];
    io = meet(&p, (struct tls_rules){ 0 }, control, &id);
    io_hear(io, control);
    assert_int_equal(write(far, "ABOR\r\n", 6), 6);
    assert_int_equal(io_write(io, big, BIG, &done), -EINTR);
    assert_in_range(done, 0, BIG - 1);
    before = done;
    assert_int_equal(io_write(io, big, BIG, &done), -EINTR); /* nothing is sealed twice, nothing is reported twice */
    assert_int_equal(done, before);
    assert_int_equal(io_write_now(io, big + done, BIG - done), -EAGAIN);
    io_hear(io, NULL);
    assert_int_equal(write(start[1], "x", 1), 1);
    assert_int_equal(io_write(io, big, BIG, &done), 0);
    assert_int_equal(done, BIG);
    assert_int_equal(io_close(&io), 0);
    pthread_join(id, NULL);
    assert_int_equal(p.got_len, BIG);
    assert_memory_equal(p.got, big, BIG);
    assert_true(p.told);
    free(p.got);
    close(p.fd);
    close(far);
    close(start[0]);
    close(start[1]);
    io_abort(&control);
}

static void every_way_to_end(void **state)
{
    static const struct {
        int cut;
        bool notify, strict;
        int end;
        bool truncated;
    } ways[] = { { 0, true, false, 0, false },           { 0, true, true, 0, false },
                 { 0, false, false, 0, true },           { 0, false, true, -ENETRESET, false },
                 { 1, false, false, -ENETRESET, false }, { 1000, false, false, -ENETRESET, false } };

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        int far;
        struct io *control = stream_to(&far), *io;
        struct peer p = { .start = -1, .say = big, .len = SOME, .cut = ways[i].cut, .notify = ways[i].notify };
        static char got[SOME + 1];
        size_t sum = 0;
        pthread_t id;
        ssize_t n;

        io = meet(&p, (struct tls_rules){ .strict = ways[i].strict }, control, &id);
        while ((n = io_read(io, got + sum, SOME + 1 - sum)) > 0)
            sum += (size_t)n;
        same_int("end", i, n, ways[i].end);
        same_int("truncated", i, io_truncated(io), ways[i].truncated);
        if (!ways[i].cut)
            same_int("bytes", i, sum, SOME);
        assert_memory_equal(got, big, sum);
        same_int("once more", i, io_read(io, got, 1), ways[i].end);
        same_int("nothing is left for others", i, ERR_peek_error(), 0);
        io_abort(&io);
        io_abort(&control);
        close(far);
        part(&p, id);
    }
}

static void what_is_no_tls_ends_the_stream(void **state)
{
    int far;
    struct io *io = stream_to(&far);

    (void)state;
    assert_int_equal(write(far, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_int_equal(io_starttls(io, tls, NULL, (struct tls_rules){ 0 }), 0);
    assert_int_equal(io_handshake(io), -EPROTO);
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(io_put(io, SPAN("in the clear?")), -EPROTO);
    assert_int_equal(io_close(&io), -EPROTO);
    close(far);
}

static void a_handshake_has_a_deadline(void **state)
{
    int far;
    struct io *io = stream_to(&far);

    (void)state;
    io_deadline(io, rt_now(&task) + RT_SECONDS(1) / 20);
    assert_int_equal(io_starttls(io, tls, NULL, (struct tls_rules){ 0 }), 0);
    assert_int_equal(io_handshake(io), -ETIMEDOUT);
    io_abort(&io);
    close(far);
}

static void what_was_said_in_the_clear_is_thrown_away(void **state)
{
    int far;
    struct io *io = stream_to(&far);

    (void)state;
    assert_int_equal(write(far, "USER injected\r\n", 15), 15);
    assert_int_equal(io_fill_now(io), 0);
    assert_true(io_has_line(io));
    assert_int_equal(io_starttls(io, tls, NULL, (struct tls_rules){ 0 }), 0);
    assert_false(io_has_line(io));
    io_abort(&io);
    close(far);
}

static void wrong_certificates_are_refused(void **state)
{
    CLEANUP(free_text) char *one = tls_cert_make(), *two = tls_cert_make();
    struct tls *none = NULL;
    char text[200];
    struct buf err = BUF(text);

    (void)state;
    assert_int_equal(tls_new("nothing", one, &none, &err), -EINVAL);
    assert_int_equal(tls_new(one, "nothing", &none, &err), -EINVAL);
    assert_int_equal(tls_new(one, two, &none, &err), -EINVAL);
    assert_null(none);
    assert_true(err.len > 0);
    assert_int_equal(ERR_peek_error(), 0);
}

/* ---- the folders that a sandbox has to leave open ---- */

static void note_folder(void *arg, const char *folder)
{
    buf_printf(arg, "%s ", folder);
}

static void its_folders_are_known(void **state)
{
    CLEANUP(free_text) char *pem = tls_cert_make();
    char dir[] = "/tmp/dray-test-XXXXXX", inner[64], real[80], link[64], text[600], want[600];
    struct tls_files files = { .cert = link, .key = link };
    struct buf b = BUF(text);
    struct tls *one = NULL;
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(inner, sizeof inner, "%s/archive", dir);
    snprintf(real, sizeof real, "%s/1.pem", inner);
    snprintf(link, sizeof link, "%s/now.pem", dir);
    assert_int_equal(mkdir(inner, 0700), 0);
    f = fopen(real, "w");
    assert_non_null(f);
    fputs(pem, f);
    fclose(f);
    assert_int_equal(symlink("archive/1.pem", link), 0);
    assert_int_equal(tls_open(&(struct tls_from){ .files = &files, .n = 1 }, &one, &b), 0);
    assert_non_null(tls_fingerprint(one, 0));
    assert_null(tls_fingerprint(one, 1));
    tls_paths(one, note_folder, &b);
    snprintf(want, sizeof want, "%s %s %s %s ", dir, inner, dir, inner);
    same_text("folders", 0, buf_span(&b), want);
    tls_free(&one);
    unlink(link);
    unlink(real);
    rmdir(inner);
    rmdir(dir);
}

static int set_up(void **state)
{
    (void)state;
    task = rt_block_task(never);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 31 + (i >> 9));
    return unit_tls(&tls);
}

static int tear_down(void **state)
{
    (void)state;
    tls_free(&tls);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_one_by_one),
        cmocka_unit_test(an_interrupted_write_goes_on),
        cmocka_unit_test(every_way_to_end),
        cmocka_unit_test(what_is_no_tls_ends_the_stream),
        cmocka_unit_test(a_handshake_has_a_deadline),
        cmocka_unit_test(what_was_said_in_the_clear_is_thrown_away),
        cmocka_unit_test(wrong_certificates_are_refused),
        cmocka_unit_test(its_folders_are_known),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
