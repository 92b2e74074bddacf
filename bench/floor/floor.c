/* floor: listening, accepting, canned replies and the account at the end (see floor.h). Called by the main
 * functions beside it. */
#include "floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    char verb[5];
    const char *reply;
} canned[] = {
    { "USER", "331 Any password.\r\n" }, { "PASS", "230 Welcome.\r\n" }, { "PWD\r", "257 \"/\" is here.\r\n" },
    { "TYPE", "200 Binary.\r\n" },       { "QUIT", "221 Goodbye.\r\n" },       { "AUTH", "234 Go on.\r\n" },
    { "PBSZ", "200 PBSZ=0\r\n" },        { "PROT", "200 Data, too.\r\n" },
};

enum { CLIENTS = 64, LINE = 512 };

struct errand {
    struct floor_job job;
    char name[LINE];
};

struct client {
    int control;  /* 0: free */
    int shaking;  /* the connection that shakes hands; 0: none */
    struct errand next; /* when that is the data connection */
    int listener; /* kept for as long as the program runs; 0: not made yet */
    char port[64]; /* the reply that tells its port */
    size_t port_len;
};

static struct {
    const struct floor *floor;
    int folder;
    const char *host;
    struct client clients[CLIENTS];
    _Atomic uint64_t units;
    volatile sig_atomic_t over;
} all;

static void on_term(int signal)
{
    (void)signal;
    all.over = 1;
}

void floor_need(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

/* A client that has gone away is no mistake: its run may be over. */
void floor_send(int fd, const char *text, size_t len)
{
    ssize_t n = all.floor->line && all.floor->line->send(fd, text, len) ? (ssize_t)len : send(fd, text, len, MSG_NOSIGNAL);

    floor_need(n == (ssize_t)len || (n < 0 && (errno == EPIPE || errno == ECONNRESET)), "send");
}

int floor_listen(const char *host, int backlog, unsigned *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    floor_need(inet_pton(AF_INET, host, &at.sin_addr) == 1, host);
    floor_need(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, backlog) == 0 &&
               getsockname(fd, (struct sockaddr *)&at, &len) == 0, "listen");
    *port = ntohs(at.sin_port);
    return fd;
}

/* ---- transfers ---- */

static void do_job(struct floor_job *job)
{
    all.floor->transfer(job);
    all.units += job->units;
}

static void *run_errand(void *arg)
{
    struct errand *e = arg;

    do_job(&e->job);
    free(e);
    return NULL;
}

static void in_a_thread(const struct errand *errand)
{
    struct errand *e = malloc(sizeof *e);
    pthread_t id;

    floor_need(e != NULL, "malloc");
    *e = *errand;
    e->job.name = e->name;
    floor_need(pthread_create(&id, NULL, run_errand, e) == 0 && pthread_detach(id) == 0, "thread");
}

static void begin(struct client *c)
{
    if (all.floor->threads)
        in_a_thread(&c->next);
    else
        do_job(&c->next.job);
}

/* Nobody is waited for in the middle of a handshake. */
static int accept_flags(void)
{
    return SOCK_CLOEXEC | (all.floor->line ? SOCK_NONBLOCK : 0);
}

static void transfer(struct client *c, char *line)
{
    struct errand *e = &c->next;

    line[strcspn(line, "\r")] = '\0';
    snprintf(e->name, sizeof e->name, "%s", line + 5);
    e->job = (struct floor_job){ .folder = all.folder, .control = c->control, .store = *line == 'S', .name = e->name };
    e->job.data = accept4(c->listener, NULL, NULL, accept_flags());
    floor_need(e->job.data >= 0, "accept");
    if (!all.floor->line) {
        begin(c);
        return;
    }
    FLOOR_SAY(c->control, "150 Here it goes.");
    c->shaking = e->job.data;
}

/* ---- the conversation ---- */

static void tell_port(struct client *c)
{
    unsigned port;

    if (!c->listener) {
        c->listener = floor_listen(all.host, 1, &port);
        c->port_len = (size_t)snprintf(c->port, sizeof c->port, "229 Here (|||%u|).\r\n", port);
    }
    floor_send(c->control, c->port, c->port_len);
}

static void hang_up(struct client *c)
{
    if (all.floor->line)
        all.floor->line->forget(c->control);
    close(c->control);
    c->control = 0;
}

static ssize_t receive(const struct client *c, char *line)
{
    return all.floor->line ? all.floor->line->receive(c->control, line, LINE - 1) : recv(c->control, line, LINE - 1, 0);
}

/* What some verbs mean beyond their reply. */
static void follow(struct client *c, char verb)
{
    if (verb == 'Q')
        hang_up(c);
    else if (verb == 'A' && all.floor->line)
        c->shaking = c->control;
}

/* Clients send one command a packet and wait for its reply. */
static void answer(struct client *c)
{
    char line[LINE];
    ssize_t n = receive(c, line);

    if (n <= 0) {
        hang_up(c);
        return;
    }
    line[n] = '\0';
    for (unsigned i = 0; i < sizeof canned / sizeof *canned; i++)
        if (memcmp(line, canned[i].verb, 4) == 0) {
            floor_send(c->control, canned[i].reply, strlen(canned[i].reply));
            follow(c, *line);
            return;
        }
    if (*line == 'E')
        tell_port(c);
    else
        transfer(c, line);
}

/* A handshake goes on, or a command has come. */
static void go_on(struct client *c)
{
    int fd = c->shaking, done = fd ? all.floor->line->shake(fd, fd != c->control) : 2;

    if (!done)
        return;
    c->shaking = 0;
    if (fd && fd != c->control)
        begin(c);
    else if (done == 2)
        answer(c);
}

static void accept_one(int listener)
{
    int fd = accept4(listener, NULL, NULL, accept_flags()), yes = 1;

    floor_need(fd >= 0, "accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* two replies in a row wait for no acknowledgement */
    for (unsigned i = 0; i < CLIENTS; i++)
        if (!all.clients[i].control) {
            all.clients[i].control = fd;
            FLOOR_SAY(fd, "220 Ready.");
            return;
        }
    close(fd);
}

static void serve(int listener)
{
    struct pollfd fds[CLIENTS + 1];
    struct client *whose[CLIENTS + 1];

    while (!all.over) {
        unsigned n = 1;

        fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
        for (unsigned i = 0; i < CLIENTS; i++) {
            struct client *c = &all.clients[i];

            if (!c->control)
                continue;
            whose[n] = c;
            fds[n++] = (struct pollfd){ .fd = c->shaking ? c->shaking : c->control, .events = POLLIN };
        }
        if (poll(fds, n, -1) < 0)
            continue;
        for (unsigned i = 1; i < n; i++)
            if (fds[i].revents)
                go_on(whose[i]);
        if (fds[0].revents)
            accept_one(listener);
    }
}

/* ---- the program ---- */

static void account(const char *name)
{
    double cpu, units = (double)all.units;
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
    printf("%s: %.3f CPU seconds, %.0f %s, %.3g each\n", name, cpu, units, all.floor->unit,
           units > 0 ? cpu / units : 0);
}

int floor_main(const struct floor *f, int argc, char **argv)
{
    struct sigaction act = { .sa_handler = on_term };
    unsigned port;
    int listener;

    all.floor = f;
    floor_need(argc == 3, "usage: PROGRAM FOLDER ADDRESS");
    all.host = argv[2];
    all.folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    floor_need(all.folder >= 0, argv[1]);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGINT, &act, NULL);
    listener = floor_listen(all.host, 4096, &port);
    printf("ftp://%s:%u/\n", argv[2], port);
    fflush(stdout);
    serve(listener);
    account(argv[0]);
    return 0;
}
