/* load: what the clients of each measurement do, as straight lines (see load.h). Called by bench/crew.c in client
 * processes; a worker owns its session, its block and its file until its process ends. Fails with -errno; what was
 * fetched or stored is counted, and a wrong count is a failure: -EBADMSG. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "bench/worker.h"
#include "sys/local.h"

enum { BLOCK = 1 << 20, CROWD_PATIENCE = 10 };

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
    char *block = malloc(BLOCK);

    if (!block)
        return -ENOMEM;
    w->block = (struct span){ block, BLOCK };
    TRY(talk_open(&w->task, w->how->with, &w->talk));
    TRY(talk_login(&w->talk));
    return talk_settle(&w->talk);
}

static int session_and_file(struct worker *w)
{
    char path[1100];
    int n = snprintf(path, sizeof path, "%s/%s", w->how->folder, w->how->clients > 1 ? LOAD_PART : LOAD_BIG);

    if (n < 0 || (size_t)n >= sizeof path)
        return -ENAMETOOLONG;
    TRY(local_open(path, &w->file, &w->file_size));
    return one_session(w);
}

/* ---- the work ---- */

static int log_in_and_out(struct worker *w)
{
    for (unsigned i = 0; i < share(w); i++) {
        CLEANUP(talk_drop) struct talk t = { 0 };

        TRY(talk_open(&w->task, w->how->with, &t));
        TRY(talk_login(&t));
        TRY(talk_ask(&t, "PWD", NULL, 257));
        TRY(talk_quit(&t));
        worker_count(w, 1);
    }
    return 0;
}

static int fetch_small(struct worker *w)
{
    struct talk_sum sum;

    for (unsigned i = 0; i < share(w); i++) {
        TRY(talk_get(&w->talk, "RETR", LOAD_SMALL, w->block, &sum));
        if (sum.bytes != LOAD_SMALL_BYTES)
            return -EBADMSG;
        worker_count(w, 1);
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
    char name[16];

    snprintf(name, sizeof name, "up%u", w->index);
    TRY(talk_put(&w->talk, name, w->file, w->file_size));
    worker_count(w, w->file_size >> 20);
    return 0;
}

static int list(struct worker *w)
{
    struct talk_sum sum;

    TRY(talk_get(&w->talk, "MLSD", LOAD_FOLDER, w->block, &sum));
    worker_count(w, w->how->amount);
    /* some servers list the folder itself and its parent, too */
    return sum.lines >= w->how->amount && sum.lines <= w->how->amount + 2 ? 0 : -EBADMSG;
}

/* One after the other. Where the server or a limit has no room for more, fewer are a crowd as well. */
static int fill_house(struct worker *w)
{
    w->crowd = calloc(w->how->amount, sizeof *w->crowd);
    if (!w->crowd)
        return -ENOMEM;
    for (unsigned i = 0; i < w->how->amount; i++) {
        int rc = talk_open(&w->task, w->how->with, &w->crowd[i]);

        if (rc == 0)
            rc = talk_login(&w->crowd[i]);
        if (rc < 0)
            return i ? 0 : rc;
        worker_count(w, 1);
    }
    return 0;
}

/* ---- the rows ---- */

static unsigned logins(const struct load_size *s)
{
    return s->logins;
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

static unsigned crowd(const struct load_size *s)
{
    return s->crowd;
}

#define US 1e-3
#define S_PER_GIB (1024 * 1e-9)
#define MS_PER_100K (100000 * 1e-6)

const struct load loads[] = {
    { .name = "login", .head = "login", .unit = "us", .about = "connect, USER, PASS, PWD, QUIT; 16 clients",
      .floor = "floor_session", .clients = 16, .scale = US, .amount = logins, .prepare = no_session,
      .work = log_in_and_out },
    { .name = "small", .head = "1 KiB file", .unit = "us", .about = "EPSV and RETR of 1 KiB; 16 sessions",
      .floor = "floor_small", .clients = 16, .scale = US, .amount = files, .prepare = one_session, .files = true,
      .work = fetch_small },
    { .name = "down1", .head = "down, 1", .unit = "s/GiB", .about = "RETR from the page cache, one stream",
      .floor = "floor_sendfile", .clients = 1, .scale = S_PER_GIB, .amount = bulk, .prepare = one_session, .files = true,
      .work = fetch },
    { .name = "down8", .head = "down, 8", .unit = "s/GiB", .about = "the same bytes in eight streams at once",
      .floor = "floor_sendfile", .clients = LOAD_STREAMS, .all_at_once = true, .scale = S_PER_GIB, .amount = bulk,
      .prepare = one_session, .files = true, .work = fetch },
    { .name = "up1", .head = "up, 1", .unit = "s/GiB", .about = "STOR of a new file, one stream",
      .floor = "floor_recv_write", .clients = 1, .scale = S_PER_GIB, .amount = bulk, .prepare = session_and_file,
      .files = true, .work = store, .writes = true },
    { .name = "up8", .head = "up, 8", .unit = "s/GiB", .about = "eight new files in eight streams at once",
      .floor = "floor_recv_write", .clients = LOAD_STREAMS, .all_at_once = true, .scale = S_PER_GIB, .amount = bulk,
      .prepare = session_and_file, .files = true, .work = store, .writes = true },
    { .name = "list", .head = "MLSD 100k", .unit = "ms", .about = "MLSD of a large folder, for each 100,000 entries",
      .floor = "floor_list", .clients = 1, .scale = MS_PER_100K, .amount = entries, .prepare = one_session, .files = true,
      .work = list },
};

const unsigned load_count = sizeof loads / sizeof *loads;

const struct load load_crowd = {
    .name = "crowd", .clients = 1, .amount = crowd, .prepare = fill_house, .work = no_session,
};
