/* delay RTT_MS WINDOW_KIB HERE THERE LOW-HIGH...: a network that is far away. What comes to the address HERE, on any port of the
 * ranges, goes to the same port of THERE, so that FTP's passive data connections (EPSV) take the long way as well. Started by
 * bench/client; says "ready" and runs until it is killed.
 *
 * Each direction holds bytes back for half a round trip. A connection reaches the server one and a half round trips after it was made
 * here, which is when the last word of a real handshake comes: no sooner can the server have heard of it. At most `window` bytes
 * are under way in a direction, as one TCP connection has it; it begins with ten packets and grows by what was acknowledged (slow
 * start), so that a second connection brings what it brings on a real line. No loss, no limit of bandwidth: the far end is only far.
 *
 * All delays of a kind are equal, so three queues in order of time are all the clock there is. A link is freed when nothing in a
 * queue and no event names it any more. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS = 14600, PIECE = 256 << 10, EVENTS = 256, PORTS_MOST = 4096 };

/* Bytes under way; none: the end of them. */
struct piece {
    struct piece *next;
    size_t at, len;
    char bytes[];
};

/* One direction. */
struct way {
    struct link *link;
    int from, to;
    struct piece *first, **last; /* not written yet */
    size_t landed;               /* pieces of these whose time has come */
    size_t flying, window;       /* bytes that nobody has acknowledged, and how many there may be */
    bool dry, over;              /* the end was read; it was handed on */
};

struct link {
    struct way up, down;
    unsigned named; /* by the queues */
    bool dead;
    struct link *next; /* of the dead */
    uint16_t port;
};

/* What happens at a time. */
struct moment {
    struct moment *next;
    int64_t when;
    struct way *way;
    size_t bytes;
};

struct queue {
    int64_t delay;
    struct moment *first, **last;
    void (*happen)(struct moment *m);
};

static void arrive(struct moment *m);
static void acknowledge(struct moment *m);
static void reach(struct moment *m);

enum { ARRIVE, ACKNOWLEDGE, REACH, QUEUES };

static struct {
    int epoll;
    size_t window;
    struct in_addr here, there;
    struct queue queues[QUEUES];
    struct { int fd; uint16_t port; } doors[PORTS_MOST];
    unsigned count;
    struct link *dead;
    struct epoll_event events[EVENTS];
    char block[PIECE];
} all;

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

static void *get(size_t size)
{
    void *p = calloc(1, size);

    need(p, "memory");
    return p;
}

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* ---- links ---- */

static void drop_pieces(struct way *w)
{
    while (w->first) {
        struct piece *next = w->first->next;

        free(w->first);
        w->first = next;
    }
}

static void kill_link(struct link *l)
{
    if (l->dead)
        return;
    close(l->up.from);
    if (l->up.to >= 0)
        close(l->up.to);
    l->dead = true;
    l->next = all.dead;
    all.dead = l;
}

/* After a round of events: none of them names a link any more, only the queues may. */
static void bury(void)
{
    for (struct link **at = &all.dead; *at;) {
        struct link *l = *at;

        if (l->named) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        drop_pieces(&l->up);
        drop_pieces(&l->down);
        free(l);
    }
}

static void later(int which, struct way *w, size_t bytes)
{
    struct queue *q = &all.queues[which];
    struct moment *m = get(sizeof *m);

    *m = (struct moment){ .when = now() + q->delay, .way = w, .bytes = bytes };
    *q->last = m;
    q->last = &m->next;
    w->link->named++;
}

/* ---- bytes ---- */

static void add_piece(struct way *w, const char *bytes, size_t len)
{
    struct piece *p = malloc(sizeof *p + len);

    need(p, "memory");
    *p = (struct piece){ .len = len };
    memcpy(p->bytes, bytes, len);
    *w->last = p;
    w->last = &p->next;
    w->flying += len;
    later(ARRIVE, w, len);
}

static void fill(struct way *w)
{
    while (!w->dry && !w->link->dead && w->flying < w->window) {
        size_t room = w->window - w->flying;
        ssize_t n = recv(w->from, all.block, room < PIECE ? room : PIECE, MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            return;
        w->dry = n <= 0; /* a reset becomes an end: whoever counts bytes sees the same */
        add_piece(w, all.block, n > 0 ? (size_t)n : 0);
    }
}

static void shut(struct way *w)
{
    shutdown(w->to, SHUT_WR);
    w->over = true;
}

static void hand_on(struct way *w)
{
    while (w->landed && !w->link->dead) {
        struct piece *p = w->first;
        ssize_t n = p->len ? send(w->to, p->bytes + p->at, p->len - p->at, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            kill_link(w->link);
            return;
        }
        p->at += (size_t)n;
        if (p->at < p->len)
            continue;
        if (p->len)
            later(ACKNOWLEDGE, w, p->len);
        else
            shut(w);
        w->first = p->next;
        if (!w->first)
            w->last = &w->first;
        w->landed--;
        free(p);
    }
}

static void pump(struct link *l)
{
    if (l->dead)
        return;
    fill(&l->up);
    fill(&l->down);
    hand_on(&l->up);
    hand_on(&l->down);
    if (l->up.over && l->down.over)
        kill_link(l);
}

/* ---- what happens ---- */

static void arrive(struct moment *m)
{
    m->way->landed++;
    if (m->way->to >= 0)
        pump(m->way->link);
}

static void acknowledge(struct moment *m)
{
    struct way *w = m->way;

    w->flying -= m->bytes;
    w->window = w->window + m->bytes < all.window ? w->window + m->bytes : all.window;
    pump(w->link);
}

static void watch(int fd, struct link *l)
{
    struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = l };

    need(epoll_ctl(all.epoll, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
}

static void quick(int fd)
{
    int one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void reach(struct moment *m)
{
    struct link *l = m->way->link;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(l->port), .sin_addr = all.there };
    int fd;

    if (l->dead)
        return;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(fd >= 0, "socket");
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        close(fd);
        kill_link(l);
        return;
    }
    quick(fd);
    l->up.to = l->down.from = fd;
    watch(l->up.from, l);
    watch(fd, l);
    pump(l);
}

static void welcome(int listener, uint16_t port)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct link *l = get(sizeof *l);

        quick(fd);
        l->up = (struct way){ .link = l, .from = fd, .to = -1, .window = PACKETS };
        l->down = (struct way){ .link = l, .from = -1, .to = fd, .window = PACKETS };
        l->up.last = &l->up.first;
        l->down.last = &l->down.first;
        l->port = port;
        later(REACH, &l->up, 0);
    }
}

/* ---- the loop ---- */

static void run_due(struct queue *q)
{
    struct moment *m;

    while ((m = q->first) && m->when <= now()) {
        struct link *l = m->way->link;

        q->first = m->next;
        if (!q->first)
            q->last = &q->first;
        l->named--;
        if (!l->dead)
            q->happen(m);
        free(m);
    }
}

/* What is due is done; until when nothing is: milliseconds, -1 for ever. One queue's moments make new ones of another. */
static int turn(void)
{
    int64_t next = INT64_MAX, t;

    for (int i = QUEUES; i--;)
        run_due(&all.queues[i]);
    for (int i = 0; i < QUEUES; i++)
        if (all.queues[i].first && all.queues[i].first->when < next)
            next = all.queues[i].first->when;
    if (next == INT64_MAX)
        return -1;
    t = (next - now() + 999999) / 1000000;
    return t < 0 ? 0 : (int)t;
}

static void open_door(uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = all.here };
    struct epoll_event e = { .events = EPOLLIN };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    need(all.count < PORTS_MOST, "too many ports");
    need(fd >= 0, "socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    need(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, SOMAXCONN) == 0, "listen");
    all.doors[all.count].fd = fd;
    all.doors[all.count].port = port;
    e.data.ptr = &all.doors[all.count++];
    need(epoll_ctl(all.epoll, EPOLL_CTL_ADD, fd, &e) == 0, "epoll_ctl");
}

static bool is_door(const void *p)
{
    return (const char *)p >= (const char *)all.doors && (const char *)p < (const char *)(all.doors + PORTS_MOST);
}

static void look(const struct epoll_event *e)
{
    size_t door = is_door(e->data.ptr) ? (size_t)((const char *)e->data.ptr - (const char *)all.doors) / sizeof *all.doors : 0;

    if (is_door(e->data.ptr)) {
        welcome(all.doors[door].fd, all.doors[door].port);
        return;
    }
    pump(e->data.ptr);
}

static void set_up(char **argv)
{
    static void (*const happen[QUEUES])(struct moment *) = { arrive, acknowledge, reach };
    int64_t half = atoll(argv[1]) * 500000;

    all.epoll = epoll_create1(EPOLL_CLOEXEC);
    all.window = (size_t)atoll(argv[2]) << 10;
    need(inet_pton(AF_INET, argv[3], &all.here) == 1 && inet_pton(AF_INET, argv[4], &all.there) == 1, "addresses");
    for (int i = 0; i < QUEUES; i++) {
        all.queues[i] = (struct queue){ .delay = i == REACH ? 3 * half : half, .happen = happen[i] };
        all.queues[i].last = &all.queues[i].first;
    }
    for (char **a = argv + 5; *a; a++) {
        unsigned low, high;

        need(sscanf(*a, "%u-%u", &low, &high) == 2 && low <= high && high < 65536, "a range is LOW-HIGH");
        while (low <= high)
            open_door((uint16_t)low++);
    }
}

int main(int argc, char **argv)
{
    struct rlimit most;

    if (argc < 6) {
        fputs("delay RTT_MS WINDOW_KIB HERE THERE LOW-HIGH...\n", stderr);
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    set_up(argv);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(all.epoll, all.events, EVENTS, turn());

        for (int i = 0; i < n; i++)
            look(&all.events[i]);
        bury();
    }
}
