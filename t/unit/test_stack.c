/* How deep a session goes: whole sessions on painted coroutine stacks, with every command and the longest names, must stay far
 * from the 48 KiB that a stack has. The deepest use is printed. */
#include "unit.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proto/session.h"
#include "store/storage.h"
#include "rt/loop.h"

enum { BOUND = 16 * 1024, LONG = 250 };

static char dir[] = "/tmp/dray-stack-XXXXXX";

struct world {
    struct conf conf;
    struct auth auth;
    struct storage storage;
    struct log log;
    struct server server;
    struct listeners listeners;
    struct loop *loop;
    struct tls *tls;
};

/* ---- the client: a thread that talks and listens as slowly as it likes ---- */

static int connect_to(uint16_t port)
{
    struct sock_addr at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(sock_addr_parse("127.0.0.1", port, &at), 0);
    assert_int_equal(connect(fd, &at.any, sock_addr_len(&at)), 0);
    return fd;
}

/* The last line of the reply; replies of several lines are read to their end. */
static void hear(FILE *control, char *line, size_t cap)
{
    do
        assert_non_null(fgets(line, (int)cap, control));
    while (line[0] == ' ' || line[3] == '-' || line[0] < '1' || line[0] > '5');
}

static void say(FILE *control, const char *command, char *line, size_t cap)
{
    assert_true(fprintf(control, "%s\r\n", command) > 0);
    fflush(control);
    hear(control, line, cap);
}

static void transfer(FILE *control, const char *command)
{
    static char line[10000], block[4096];
    unsigned port;
    int data;

    say(control, "EPSV", line, sizeof line);
    assert_int_equal(sscanf(line, "229 %*[^(](|||%u|)", &port), 1);
    data = connect_to((uint16_t)port);
    say(control, command, line, sizeof line);
    if (line[0] != '1') {
        close(data);
        return;
    }
    if (strncmp(command, "STO", 3) == 0 || strncmp(command, "APPE", 4) == 0)
        assert_int_equal(write(data, block, sizeof block), sizeof block);
    shutdown(data, SHUT_WR);
    while (read(data, block, sizeof block) > 0)
        ;
    close(data);
    hear(control, line, sizeof line);
}

static void *client(void *arg)
{
    static const char *const commands[] = {
        "FEAT", "SYST", "HELP", "HELP RETR", "HELP SITE", "HOST x", "LANG", "OPTS UTF8 ON", "OPTS MLST type;size;modify;perm;",
        "USER nobody", "PASS wrong", "USER anonymous", "PASS x", "STAT", "PWD", "MKD d", "CWD d", "CDUP", "TYPE I", "NOOP",
        "ALLO 1", "AVBL", "PASV", "PORT 127,0,0,1,250,1", "EPRT |1|127.0.0.1|64001|", "SITE HELP", "XYZZY", "ABOR",
    };
    static const char *const transfers[] = { "STOR f", "RETR f", "APPE f", "STOU", "LIST", "NLST", "MLSD", "LIST *", "LIST -la d" };
    static const char *const verbs[] = { "STOR", "RETR", "SIZE", "MDTM", "MLST", "STAT", "CWD", "MKD", "RNFR", "DELE", "RMD", "LIST",
                                         "MFMT 20200101000000", "MFF Modify=20200101000000;", "SITE UTIME 20200101000000",
                                         "SITE CHMOD 644", "RNFR", "RNTO" };
    FILE *control = fdopen(connect_to(*(uint16_t *)arg), "r+");
    static char line[10000], command[5000], name[4000];

    setvbuf(control, NULL, _IOLBF, 0);
    hear(control, line, sizeof line);
    for (size_t i = 0; i < COUNT(commands); i++)
        say(control, commands[i], line, sizeof line);
    for (size_t i = 0; i < COUNT(transfers); i++)
        transfer(control, transfers[i]);
    say(control, "TYPE A", line, sizeof line);
    transfer(control, "RETR f");
    transfer(control, "STOR f");
    memset(name, 'n', sizeof name);
    for (size_t i = LONG; i < sizeof name; i += LONG + 1) /* as deep and as long as a path may be */
        name[i] = '/';
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < COUNT(verbs); i++) {
        snprintf(command, sizeof command, "%s %s", verbs[i], name);
        transfer(control, command);
        snprintf(command, sizeof command, "%s %.*s", verbs[i], LONG, name);
        transfer(control, command);
    }
    say(control, "QUIT", line, sizeof line);
    fclose(control);
    return NULL;
}

/* ---- the same over TLS: handshakes, a listing, an upload ---- */

static SSL *shake(SSL_CTX *ctx, int fd)
{
    SSL *ssl = SSL_new(ctx);

    assert_int_equal(SSL_set_fd(ssl, fd), 1);
    assert_int_equal(SSL_connect(ssl), 1);
    return ssl;
}

/* Replies of one packet each. */
static void ask(SSL *ssl, const char *command, const char *want, char *reply, size_t cap)
{
    int n;

    if (command)
        assert_int_equal(SSL_write(ssl, command, (int)strlen(command)), strlen(command));
    n = SSL_read(ssl, reply, (int)cap - 1);
    assert_true(n > 0);
    reply[n] = '\0';
    assert_memory_equal(reply, want, strlen(want));
}

static void transfer_tls(SSL_CTX *ctx, SSL *control, const char *command, bool send)
{
    static char reply[1000], block[16384];
    unsigned port;
    int fd;
    SSL *data;

    ask(control, "EPSV\r\n", "229", reply, sizeof reply);
    assert_int_equal(sscanf(reply, "229 %*[^(](|||%u|)", &port), 1);
    fd = connect_to((uint16_t)port);
    ask(control, command, "150", reply, sizeof reply);
    data = shake(ctx, fd);
    if (send)
        assert_int_equal(SSL_write(data, block, sizeof block), sizeof block);
    SSL_shutdown(data);
    while (SSL_read(data, block, sizeof block) > 0)
        ;
    SSL_free(data);
    close(fd);
    ask(control, NULL, "226", reply, sizeof reply);
}

static void *client_tls(void *arg)
{
    static char line[1000];
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    int fd = connect_to(*(uint16_t *)arg);
    SSL *control;

    assert_true(read(fd, line, sizeof line) > 3);
    assert_int_equal(write(fd, "AUTH TLS\r\n", 10), 10);
    assert_true(read(fd, line, sizeof line) > 3);
    control = shake(ctx, fd);
    ask(control, "USER anonymous\r\n", "331", line, sizeof line);
    ask(control, "PASS x\r\n", "230", line, sizeof line);
    ask(control, "PBSZ 0\r\n", "200", line, sizeof line);
    ask(control, "PROT P\r\n", "200", line, sizeof line);
    transfer_tls(ctx, control, "STOR f\r\n", true);
    transfer_tls(ctx, control, "LIST\r\n", false);
    ask(control, "QUIT\r\n", "221", line, sizeof line);
    SSL_free(control);
    SSL_CTX_free(ctx);
    close(fd);
    return NULL;
}

/* ---- HTTP: all requests at once, then all answers ---- */

#define FORM_HEAD "--z\r\nContent-Disposition: form-data; name=\"file\"; filename=\""
#define FORM_END "\"\r\n\r\nx\r\n--z--\r\n"

static void *client_http(void *arg)
{
    static const char *const requests[] = { "MKCOL /d", "MKCOL /d/e", "GET /d", "GET /d/", "GET /?json", "GET /f", "HEAD /f", "GET /?zip", "GET /?tar",
                                            "GET /?zip&name=d&name=f", "GET /d/?tar&name=e", "MOVE /nothing", "DELETE /nothing", "OPTIONS /" };
    static char body[200000], name[LONG + 1];
    FILE *f = fdopen(connect_to(*(uint16_t *)arg), "r+");
    size_t whole = 0;

    memset(name, 'n', LONG);
    fprintf(f, "PUT /f HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", sizeof body);
    fwrite(body, sizeof body, 1, f);
    fprintf(f, "PUT /d/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", name);
    for (size_t i = 0; i < COUNT(requests); i++)
        fprintf(f, "%s HTTP/1.1\r\nHost: x\r\n\r\n", requests[i]);
    fprintf(f, "POST /d/ HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=z\r\nContent-Length: %zu\r\n\r\n%s%s%s",
            sizeof FORM_HEAD - 1 + LONG + sizeof FORM_END - 1, FORM_HEAD, name, FORM_END);
    fprintf(f, "GET /?zip HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    fflush(f);
    for (size_t n; (n = fread(body, 1, sizeof body, f)) > 0;)
        whole += n;
    assert_true(whole > 5 * sizeof body); /* the file and the archives with it */
    fclose(f);
    return NULL;
}

/* ---- the server ---- */

static void serve_one(struct rt_task *task, void *arg)
{
    struct world *w = *(struct world **)arg;
    struct arrival client_at;

    assert_int_equal(listen_accept(task, &w->listeners, -1, rt_after(task, 10), &client_at), 0);
    session_main(task, &client_at, &w->server);
}

static const struct service *const services[] = { &ftp_service, &http_service };
enum { FTP, HTTP };

static void open_world(struct world *w, unsigned service)
{
    char text[200];
    struct buf err = BUF(text);
    CLEANUP(free_text) char *pem = tls_cert_make();

    strcpy(dir, "/tmp/dray-stack-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_non_null(pem);
    assert_int_equal(tls_new(pem, pem, &w->tls, &err), 0);
    assert_int_equal(conf_init(&w->conf, &err), 0);
    w->conf.writable = true;
    assert_int_equal(auth_init(&w->auth, &w->conf, &err), 0);
    assert_int_equal(store_local_open(dir, false, &w->storage), 0);
    assert_int_equal(listen_open(&w->listeners, "127.0.0.1", 0, service), 0);
    w->log.fd = -1;
    w->server = (struct server){ .conf = &w->conf, .auth = &w->auth, .storage = &w->storage, .board = board_new(10),
                                 .log = &w->log, .passive = passive_new(0, 0, 1), .services = services, .tls = w->tls };
}

static void close_world(struct world *w)
{
    char command[100];

    listen_close_all(&w->listeners);
    passive_free(&w->server.passive);
    tls_free(&w->tls);
    close(w->storage.root);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

static void measure(void *(*talk)(void *), unsigned service)
{
    static struct world w;
    struct world *arg = &w;
    pthread_t id;
    uint16_t port;

    memset(&w, 0, sizeof w);
    open_world(&w, service);
    port = sock_addr_port(&w.listeners.l[0].at);
    assert_int_equal(loop_new(&loop_epoll, (struct rt_stop){ -1, -1 }, 4, &w.loop), 0);
    loop_paint(w.loop);
    assert_int_equal(loop_start(w.loop, serve_one, &arg, sizeof arg), 0);
    assert_int_equal(pthread_create(&id, NULL, talk, &port), 0);
    loop_run(w.loop);
    pthread_join(id, NULL);
    print_message("# deepest stack: %zu bytes\n", loop_stack_used(w.loop));
    assert_true(loop_stack_used(w.loop) > 1000);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(loop_stack_used(w.loop) < BOUND);
#endif
    loop_free(&w.loop);
    close_world(&w);
}

static void sessions_stay_far_from_the_end_of_their_stack(void **state)
{
    (void)state;
    measure(client, FTP);
}

static void so_do_sessions_over_tls(void **state)
{
    (void)state;
    measure(client_tls, FTP);
}

static void so_do_sessions_of_http(void **state)
{
    (void)state;
    measure(client_http, HTTP);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(sessions_stay_far_from_the_end_of_their_stack),
                                      cmocka_unit_test(so_do_sessions_over_tls),
                                      cmocka_unit_test(so_do_sessions_of_http) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
