/* load: what the clients of each measurement do, as straight lines (see load.h). Called by bench/crew.c in client
 * processes; a worker owns its session and its file until its process ends. Fails with -errno; what was
 * fetched or stored is counted, and a wrong count is a failure: -EBADMSG. */
#include "bench/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "bench/worker.h"
#include "sys/local.h"

enum { CLIENTS_MANY = 16, CLIENTS_BULK = 32, CLIENTS_PASSWORD = 4, CLIENTS_SLOW = 8, PROBE_PAUSE = 1000000 };

static unsigned share(const struct worker *w)
{
    return w->how->amount / w->how->clients + (w->index < w->how->amount % w->how->clients);
}

/* ---- before the clock starts ---- */

static int no_session(struct worker *w)
{
    (void)w;
    return 0;
}

static int one_session(struct worker *w)
{
    TRY(talk_open(w->task, w->how->with, &w->talk));
    TRY(talk_login(&w->talk));
    return talk_settle(&w->talk);
}

static int session_and_file(struct worker *w)
{
    char path[1100];
    int n = snprintf(path, sizeof path, "%s/%s", w->how->folder, w->how->load->sends);

    if (n < 0 || (size_t)n >= sizeof path)
        return -ENAMETOOLONG;
    TRY(local_open(path, &w->file, &w->file_size));
    return one_session(w);
}

/* ---- the work ---- */

static int log_in_and_out(struct worker *w)
{
    CLEANUP(talk_drop) struct talk t = { 0 };
    int64_t since = rt_now(w->task);

    TRY(talk_open(w->task, w->how->with, &t));
    TRY(talk_login(&t));
    TRY(talk_ask(&t, "PWD", NULL, 257));
    TRY(talk_quit(&t));
    worker_time(w, since);
    return 0;
}

static int log_in_often(struct worker *w)
{
    for (unsigned i = 0; i < share(w); i++)
        TRY(log_in_and_out(w));
    return 0;
}

static int fetch_small(struct worker *w)
{
    struct talk_sum sum;

    for (unsigned i = 0; i < share(w); i++) {
        int64_t since = rt_now(w->task);

        TRY(talk_get(&w->talk, "RETR", LOAD_SMALL, w->block, &sum));
        if (sum.bytes != LOAD_SMALL_BYTES)
            return -EBADMSG;
        worker_time(w, since);
    }
    return 0;
}

static int store_as(struct worker *w, unsigned number)
{
    char name[24];

    snprintf(name, sizeof name, "up%u", number);
    return talk_put(&w->talk, name, w->file, w->file_size);
}

static int store_small(struct worker *w)
{
    for (unsigned i = 0; i < share(w); i++) {
        int64_t since = rt_now(w->task);

        TRY(store_as(w, w->index + i * w->how->clients));
        worker_time(w, since);
    }
    return 0;
}

static int fetch(struct worker *w)
{
    struct talk_sum sum;
    int64_t want = (int64_t)w->how->amount / w->how->clients << 20;

    TRY(talk_get(&w->talk, "RETR", w->how->clients > 1 ? LOAD_PART : LOAD_BIG, w->block, &sum));
    worker_count(w, sum.bytes >> 20);
    return sum.bytes == want ? 0 : -EBADMSG;
}

static int store(struct worker *w)
{
    TRY(store_as(w, w->index));
    worker_count(w, w->file_size >> 20);
    return 0;
}

static int list(struct worker *w, const char *verb)
{
    struct talk_sum sum;

    TRY(talk_get(&w->talk, verb, LOAD_FOLDER, w->block, &sum));
    worker_count(w, w->how->amount);
    /* some servers list the folder itself and its parent, too, or begin with a total */
    return sum.lines >= w->how->amount && sum.lines <= w->how->amount + 3 ? 0 : -EBADMSG;
}

static int list_facts(struct worker *w)
{
    return list(w, "MLSD");
}

static int list_lines(struct worker *w)
{
    return list(w, "LIST");
}

/* Now and then, as somebody does who waits for each answer: what is measured is how soon it comes, not how often. */
static int probe(struct worker *w)
{
    for (unsigned i = 0; i < share(w); i++) {
        int64_t since = rt_now(w->task);

        TRY(talk_ask(&w->talk, "NOOP", NULL, 200));
        worker_time(w, since);
        TRY(rt_sleep(w->task, rt_now(w->task) + PROBE_PAUSE));
    }
    return 0;
}

/* One after the other. Where the server or a limit has no room for more, fewer are a crowd as well. */
static int fill_house(struct worker *w)
{
    w->crowd = calloc(w->how->amount, sizeof *w->crowd);
    if (!w->crowd)
        return -ENOMEM;
    for (unsigned i = 0; i < w->how->amount; i++) {
        int rc = talk_open(w->task, w->how->with, &w->crowd[i]);

        if (rc == 0)
            rc = talk_login(&w->crowd[i]);
        if (rc < 0)
            return i ? 0 : rc;
        worker_count(w, 1);
    }
    return 0;
}

/* ---- beside others ---- */

static int fetch_again(struct worker *w, const char *name)
{
    struct talk_sum sum;

    for (;;)
        TRY(talk_get(&w->talk, "RETR", name, w->block, &sum));
}

static int fetch_bulk(struct worker *w)
{
    return fetch_again(w, LOAD_BIG);
}

static int fetch_slowly(struct worker *w)
{
    return fetch_again(w, LOAD_SLOW);
}

static int log_in_for_ever(struct worker *w)
{
    for (;;)
        TRY(log_in_and_out(w));
}

static const struct load downloads = {
    .name = "downloads", .clients = CLIENTS_BULK, .prepare = one_session, .work = fetch_bulk,
};
static const struct load waiters = {
    .name = "waiters", .clients = CLIENTS_SLOW, .prepare = one_session, .work = fetch_slowly,
};
static const struct load storm = {
    .name = "storm", .clients = CLIENTS_MANY, .prepare = no_session, .work = log_in_for_ever,
};
static const struct load hashing = {
    .name = "hashing", .clients = CLIENTS_PASSWORD, .prepare = no_session, .work = log_in_for_ever,
};

/* ---- the rows ---- */

static unsigned logins(const struct load_size *s)
{
    return s->logins;
}

static unsigned passwords(const struct load_size *s)
{
    return s->passwords;
}

static unsigned files(const struct load_size *s)
{
    return s->files;
}

static unsigned bulk(const struct load_size *s)
{
    return s->bulk;
}

static unsigned entries(const struct load_size *s)
{
    return s->entries;
}

static unsigned probes(const struct load_size *s)
{
    return s->probes;
}

static unsigned crowd(const struct load_size *s)
{
    return s->crowd;
}

#define US 1e-3
#define MS 1e-6
#define S_PER_GIB (1024 * 1e-9)
#define MS_PER_100K (100000 * 1e-6)
#define LATENCY (SHOWS(P50) | SHOWS(P99))
#define TIMED (SHOWS(COST) | LATENCY)
#define BULK (SHOWS(COST) | SHOWS(WALL))

const struct load loads[] = {
    { .name = "login", .head = "login", .unit = "us", .about = "connect, USER, PASS, PWD, QUIT; 16 clients", .shows = TIMED,
      .floor = "floor_session", .tls_floor = "floor_tls_small", .clients = CLIENTS_MANY, .scale = US, .amount = logins,
      .prepare = no_session, .work = log_in_often },
    { .name = "small", .head = "1 KiB down", .unit = "us", .about = "EPSV and RETR of 1 KiB; 16 sessions", .shows = TIMED,
      .floor = "floor_small", .tls_floor = "floor_tls_small", .clients = CLIENTS_MANY, .files = true, .scale = US,
      .amount = files, .prepare = one_session, .work = fetch_small },
    { .name = "smallup", .head = "1 KiB up", .unit = "us", .about = "EPSV and STOR of 1 KiB as a new file; 16 sessions",
      .shows = TIMED, .floor = "floor_small_up", .tls_floor = "floor_tls_small", .clients = CLIENTS_MANY, .files = true,
      .sends = LOAD_SMALL, .scale = US, .amount = files, .prepare = session_and_file, .work = store_small },
    { .name = "down1", .head = "down, 1", .unit = "s/GiB", .about = "RETR from the page cache, one stream",
      .shows = BULK, .floor = "floor_sendfile", .tls_floor = "floor_tls_bulk", .clients = 1, .files = true,
      .scale = S_PER_GIB, .amount = bulk, .prepare = one_session, .work = fetch },
    { .name = "down8", .head = "down, 8", .unit = "s/GiB", .about = "RETR of eight files at once, the same bytes in all",
      .shows = BULK, .floor = "floor_sendfile", .tls_floor = "floor_tls_bulk", .clients = LOAD_STREAMS, .all_at_once = true,
      .files = true, .scale = S_PER_GIB, .amount = bulk, .prepare = one_session, .work = fetch },
    { .name = "up1", .head = "up, 1", .unit = "s/GiB", .about = "STOR of a new file, one stream", .shows = BULK,
      .floor = "floor_recv_write", .tls_floor = "floor_tls_bulk", .clients = 1, .files = true, .sends = LOAD_BIG,
      .scale = S_PER_GIB, .amount = bulk, .prepare = session_and_file, .work = store },
    { .name = "up8", .head = "up, 8", .unit = "s/GiB", .about = "STOR of eight new files at once",
      .shows = BULK, .floor = "floor_recv_write", .tls_floor = "floor_tls_bulk", .clients = LOAD_STREAMS, .all_at_once = true,
      .files = true, .sends = LOAD_PART, .scale = S_PER_GIB, .amount = bulk, .prepare = session_and_file, .work = store },
    { .name = "list", .head = "MLSD", .unit = "ms", .about = "MLSD of a large folder, for each 100,000 entries",
      .shows = BULK, .floor = "floor_list", .clients = 1, .files = true, .scale = MS_PER_100K, .amount = entries,
      .prepare = one_session, .work = list_facts },
    { .name = "ls", .head = "LIST", .unit = "ms", .about = "LIST of a large folder, for each 100,000 entries",
      .shows = BULK, .clients = 1, .files = true, .scale = MS_PER_100K, .amount = entries, .prepare = one_session,
      .work = list_lines },
    { .name = "noop", .head = "NOOP", .about = "NOOP of one session that is alone", .shows = LATENCY, .clients = 1,
      .amount = probes, .prepare = one_session, .work = probe },
    { .name = "noop-bulk", .head = "NOOP, bulk", .about = "NOOP beside 32 bulk downloads", .shows = LATENCY, .clients = 1,
      .all_at_once = true, .files = true, .beside = &downloads, .amount = probes, .prepare = one_session, .work = probe },
    { .name = "noop-login", .head = "NOOP, logins", .about = "NOOP beside 16 clients that log in without end",
      .shows = LATENCY, .clients = 1, .all_at_once = true, .beside = &storm, .amount = probes, .prepare = one_session,
      .work = probe },
    { .name = "noop-slow", .head = "NOOP, disk", .about = "NOOP beside 8 downloads from a disk that takes 0.2 s for a read",
      .shows = LATENCY, .clients = 1, .all_at_once = true, .files = true, .slow = true, .beside = &waiters, .amount = probes,
      .prepare = one_session, .work = probe },
    { .name = "small-slow", .head = "1 KiB, disk", .about = "EPSV and RETR of 1 KiB, not from it; 16 sessions, beside the same 8",
      .shows = LATENCY, .clients = CLIENTS_MANY, .all_at_once = true, .files = true, .slow = true, .beside = &waiters,
      .amount = files, .prepare = one_session, .work = fetch_small },
    { .name = "password", .head = "password", .unit = "ms", .about = "login with a password (yescrypt), PWD, QUIT; 4 clients",
      .shows = TIMED, .clients = CLIENTS_PASSWORD, .account = true, .scale = MS, .amount = passwords, .prepare = no_session,
      .work = log_in_often },
    { .name = "noop-password", .head = "NOOP, hashes", .about = "NOOP beside 4 clients that log in so without end",
      .shows = LATENCY, .clients = 1, .all_at_once = true, .account = true, .beside = &hashing, .amount = probes,
      .prepare = one_session, .work = probe },
    { .name = "crowd", .head = "session", .unit = "KiB", .about = "idle sessions",
      .shows = SHOWS(IDLE) | SHOWS(PARKED) | SHOWS(KERNEL), .clients = 1, .idle = true, .amount = crowd,
      .prepare = fill_house, .work = no_session },
};

const unsigned load_count = sizeof loads / sizeof *loads;
