/* floor_http: GET and PUT over HTTP/1.1 connections that are kept. For a GET open, fstat, a head of two fields, sendfile, close; for a
 * PUT recv and write with a buffer of a MiB. Small files on one poll(2) loop; what is big, in a thread of its own, and with blocking
 * calls. The floor of bench/http. */
#include "floor.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONNECTIONS = 64, HEAD = 1024, BIG = 1 << 20 };

struct job {
    int conn, file;
    bool put;
    int64_t left; /* of the body */
    size_t early; /* of a PUT's, that came with the head */
    char head[HEAD];
};

static int folder;
static struct pollfd fds[CONNECTIONS + 1];
static unsigned count = 1;

static void say(int conn, const char *status, int64_t length, int flags)
{
    char text[100];
    int n = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %lld\r\n\r\n", status, (long long)length);

    floor_need(send(conn, text, (size_t)n, flags | MSG_NOSIGNAL) == n, "send");
}

static void fetch(struct job *j)
{
    say(j->conn, "200 OK", j->left, MSG_MORE);
    for (ssize_t n; j->left > 0; j->left -= n) {
        n = sendfile(j->conn, j->file, NULL, j->left < FLOOR_BLOCK ? (size_t)j->left : FLOOR_BLOCK);
        floor_need(n > 0, "sendfile");
    }
}

static void store(struct job *j)
{
    char *block = malloc(FLOOR_BLOCK);

    floor_need(block && write(j->file, j->head, j->early) == (ssize_t)j->early, "write");
    for (ssize_t n; j->left > 0; j->left -= n) {
        n = recv(j->conn, block, j->left < FLOOR_BLOCK ? (size_t)j->left : FLOOR_BLOCK, 0);
        floor_need(n > 0 && write(j->file, block, (size_t)n) == n, "write");
    }
    free(block);
    say(j->conn, "201 Created", 0, 0);
}

static void do_job(struct job *j)
{
    (j->put ? store : fetch)(j);
    close(j->file);
}

/* Its client opens another connection for the next. */
static void *run_apart(void *arg)
{
    struct job *j = arg;

    do_job(j);
    close(j->conn);
    free(j);
    return NULL;
}

static void apart(const struct job *j)
{
    struct job *own = malloc(sizeof *own);
    pthread_t id;

    floor_need(own != NULL, "malloc");
    *own = *j;
    floor_need(pthread_create(&id, NULL, run_apart, own) == 0 && pthread_detach(id) == 0, "thread");
}

static int64_t body_length(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");

    return field ? strtoll(field + 17, NULL, 10) : 0;
}

static void begin(struct job *j, char *text, size_t len)
{
    char *name = strchr(text, '/'), *body = strstr(text, "\r\n\r\n");
    struct stat st;

    floor_need(name && body, "a whole head in one packet");
    j->left = body_length(text);
    name[strcspn(name, " ")] = '\0';
    j->file = openat(folder, name + 1, j->put ? O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0644);
    floor_need(j->file >= 0 && fstat(j->file, &st) == 0, name);
    if (j->put) {
        j->early = len - (size_t)(body + 4 - text);
        j->left -= (int64_t)j->early;
        memmove(j->head, body + 4, j->early);
    } else
        j->left = st.st_size;
}

/* false: the connection is not the loop's any more. */
static bool answer(int conn)
{
    struct job j = { .conn = conn };
    ssize_t n = recv(conn, j.head, HEAD - 1, 0);

    if (n <= 0) {
        close(conn);
        return false;
    }
    j.put = *j.head == 'P';
    begin(&j, j.head, (size_t)n);
    if (j.left >= BIG) {
        apart(&j);
        return false;
    }
    do_job(&j);
    return true;
}

static void serve(int listener)
{
    fds[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
    while (poll(fds, count, -1) >= 0) {
        for (unsigned i = count - 1; i > 0; i--)
            if (fds[i].revents && !answer(fds[i].fd))
                fds[i] = fds[--count];
        if (fds[0].revents && count <= CONNECTIONS)
            fds[count++] = (struct pollfd){ .fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), .events = POLLIN };
    }
}

int main(int argc, char **argv)
{
    unsigned port;
    int listener;

    floor_need(argc == 3, "usage: PROGRAM FOLDER ADDRESS");
    folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    floor_need(folder >= 0, argv[1]);
    listener = floor_listen(argv[2], 4096, &port);
    printf("http://%s:%u/\n", argv[2], port);
    fflush(stdout);
    serve(listener);
    return 0;
}
