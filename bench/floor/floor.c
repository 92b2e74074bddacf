/* floor: listening, accepting, canned replies and the account at the end (see floor.h). Called by the main functions beside it. */
#include "floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
    { "TYPE", "200 Binary.\r\n" },       { "QUIT", "221 Goodbye.\r\n" },
};

static volatile sig_atomic_t over;

static void on_term(int signal)
{
    (void)signal;
    over = 1;
}

void floor_need(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

void floor_send(int fd, const char *text, size_t len)
{
    floor_need(send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len || errno == EPIPE || errno == ECONNRESET, "send");
}

static int listen_anywhere(int backlog, unsigned *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    floor_need(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, backlog) == 0 &&
               getsockname(fd, (struct sockaddr *)&at, &len) == 0, "listen");
    *port = ntohs(at.sin_port);
    return fd;
}

static void greet(struct floor_client *c, int control)
{
    c->control = control;
    FLOOR_SAY(control, "220 Ready.");
}

static void hang_up(struct floor_client *c)
{
    close(c->control);
    c->control = 0;
}

static void tell_port(struct floor_client *c)
{
    unsigned port;

    if (!c->listener) {
        c->listener = listen_anywhere(1, &port);
        c->port_len = (size_t)snprintf(c->port, sizeof c->port, "229 Here (|||%u|).\r\n", port);
    }
    floor_send(c->control, c->port, c->port_len);
}

static void transfer(struct floor *f, struct floor_client *c, char *line)
{
    int data = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);

    floor_need(data >= 0, "accept");
    line[strcspn(line, "\r")] = '\0';
    f->transfer(f, c->control, data, line + 5);
}

/* Clients send one command a packet and wait for its reply. */
static void answer(struct floor *f, struct floor_client *c)
{
    char line[512];
    ssize_t n = recv(c->control, line, sizeof line - 1, 0);

    if (n <= 0) {
        hang_up(c);
        return;
    }
    line[n] = '\0';
    for (unsigned i = 0; i < sizeof canned / sizeof *canned; i++)
        if (memcmp(line, canned[i].verb, 4) == 0) {
            floor_send(c->control, canned[i].reply, strlen(canned[i].reply));
            if (*line == 'Q')
                hang_up(c);
            return;
        }
    if (*line == 'E')
        tell_port(c);
    else
        transfer(f, c, line);
}

static void accept_one(int listener, struct floor_client *clients)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    floor_need(fd >= 0, "accept");
    for (unsigned i = 0; i < FLOOR_CLIENTS; i++)
        if (!clients[i].control) {
            greet(&clients[i], fd);
            return;
        }
    close(fd);
}

static void serve(struct floor *f, int listener)
{
    static struct floor_client clients[FLOOR_CLIENTS];
    struct pollfd fds[FLOOR_CLIENTS + 1];
    struct floor_client *whose[FLOOR_CLIENTS + 1];

    while (!over) {
        unsigned n = 1;

        fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
        for (unsigned i = 0; i < FLOOR_CLIENTS; i++)
            if (clients[i].control) {
                whose[n] = &clients[i];
                fds[n++] = (struct pollfd){ .fd = clients[i].control, .events = POLLIN };
            }
        if (poll(fds, n, -1) < 0)
            continue;
        for (unsigned i = 1; i < n; i++)
            if (fds[i].revents)
                answer(f, whose[i]);
        if (fds[0].revents)
            accept_one(listener, clients);
    }
}

static void account(const struct floor *f, const char *name)
{
    struct rusage u;
    double cpu;

    getrusage(RUSAGE_SELF, &u);
    cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
    printf("%s: %.3f CPU seconds, %.0f %s, %.6f each\n", name, cpu, f->units, f->unit, f->units > 0 ? cpu / f->units : 0);
}

int floor_main(struct floor *f, int argc, char **argv)
{
    struct sigaction act = { .sa_handler = on_term };
    unsigned port;
    int listener;

    floor_need(argc == 2, "usage: PROGRAM FOLDER");
    f->folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    f->block = malloc(FLOOR_BLOCK);
    floor_need(f->folder >= 0 && f->block, argv[1]);
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGINT, &act, NULL);
    listener = listen_anywhere(4096, &port);
    printf("ftp://127.0.0.1:%u/\n", port);
    fflush(stdout);
    serve(f, listener);
    account(f, argv[0]);
    return 0;
}
