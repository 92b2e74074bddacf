/* board_file: the scoreboard as a file named by the server's pid, "1234.board" (see board_file.h). Called by the
 * front door of the server, and by `dray status` to read. A new file gets its name when it is whole and locked, so
 * no reader or sweeper meets half a one; alive is whose lock is held and whose pid exists. Owns the folder's
 * descriptor. What is in the folder and is no board of ours (another version, cut, garbage) is passed over. */
#include "obs/board_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/span.h"
#include "obs/board_impl.h"
#include "sys/fs.h"
#include "sys/proc.h"
#include "sys/shm.h"

enum { ENTRIES = 1024 };

/* The pid of "1234.board" or "1234.new"; 0: another name. */
static pid_t pid_of(const char *name, const char *ending)
{
    struct span rest = span_of(name), digits = span_cut(&rest, '.');
    uint64_t pid;

    return span_eq(rest, span_of(ending)) && span_u64(digits, INT32_MAX, &pid) == 0 ? (pid_t)pid : 0;
}

static bool is_gone(pid_t pid)
{
    return proc_signal(pid, 0) == -ESRCH;
}

/* ---- all files of a folder ---- */

struct walk {
    pid_t pid; /* 0: all */
    void (*each)(const struct board *, void *arg);
    void (*change)(struct board *, void *arg); /* or this */
    void *arg;
    int count;
};

static void walk_folder(int dir, void (*entry)(int dir, const char *name, struct walk *), struct walk *w)
{
    _Alignas(8) char block[ENTRIES];
    enum fs_kind kind;
    ssize_t n;

    while ((n = fs_entries(dir, block, sizeof block)) > 0)
        for (size_t off = 0; off < (size_t)n;)
            entry(dir, fs_entry_next(block, (size_t)n, &off, &kind), w);
}

/* ---- the server's side ---- */

/* The lock decides: the pid of a server in another container means nothing. A draft has a moment without a lock. */
static void sweep(int dir, const char *name, struct walk *w)
{
    pid_t board = name ? pid_of(name, "board") : 0, draft = name ? pid_of(name, "new") : 0;
    struct shm m = { 0 };

    if (!board && !(draft && is_gone(draft)))
        return;
    if (shm_open_file(dir, name, false, &m) != -EPERM && !m.live)
        w->count += fs_unlink(dir, name) == 0;
    shm_close(&m);
}

static int first_folder(void)
{
    int rc = -ENOENT;

    for (unsigned i = 0; i < SHM_PLACES && rc == -ENOENT; i++)
        rc = shm_folder(i, true);
    return rc;
}

static int make(int dir, const char *name, unsigned seats, const struct board_about *about, struct board **out)
{
    struct board *b;
    char draft[24];
    void *at;
    int rc;

    snprintf(draft, sizeof draft, "%d.new", (int)about->pid);
    fs_unlink(dir, draft); /* of somebody long dead who had our pid */
    TRY(shm_create(dir, draft, board_size(seats), &at));
    b = at;
    b->about = *about;
    board_init(b, seats);
    rc = fs_rename(dir, draft, dir, name, true);
    if (rc < 0)
        fs_unlink(dir, draft);
    else
        *out = b;
    return rc;
}

int board_publish(unsigned seats, const struct board_about *about, struct board_file *file, struct board **out)
{
    struct board_file f = { .dir = first_folder() };
    struct walk w = { 0 };
    int rc;

    file->dir = -1;
    TRY(f.dir);
    walk_folder(f.dir, sweep, &w);
    snprintf(f.name, sizeof f.name, "%d.board", (int)about->pid);
    rc = make(f.dir, f.name, seats, about, out);
    if (rc < 0)
        close_fd(&f.dir);
    else
        *file = f;
    return rc;
}

void board_withdraw(struct board_file *f)
{
    if (f->dir >= 0)
        fs_unlink(f->dir, f->name);
    close_fd(&f->dir);
}

/* ---- the reader's side ---- */

static const struct board *check(const struct shm *m)
{
    const struct board *b = m->at;

    if (!m->live || m->size < sizeof *b || atomic_load(&b->magic) != BOARD_MAGIC || b->version != BOARD_VERSION)
        return NULL;
    return b->n && b->n <= UINT16_MAX + 1 && b->size == m->size && board_size(b->n) == m->size ? b : NULL;
}

static void show(int dir, const char *name, struct walk *w)
{
    pid_t pid = name ? pid_of(name, "board") : 0;
    const struct board *b;
    struct shm m;

    if (!pid || (w->pid && w->pid != pid) || is_gone(pid) || shm_open_file(dir, name, w->change, &m) < 0)
        return;
    b = check(&m);
    if (b && b->about.pid == pid) {
        if (w->change)
            w->change((struct board *)(uintptr_t)b, w->arg);
        else
            w->each(b, w->arg);
        w->count++;
    }
    shm_close(&m);
}

static int walk_places(struct walk *w)
{
    for (unsigned i = 0; i < SHM_PLACES; i++) {
        CLEANUP(close_fd) int dir = shm_folder(i, false);

        if (dir >= 0)
            walk_folder(dir, show, w);
    }
    return w->count;
}

int board_each(pid_t pid, void (*each)(const struct board *, void *arg), void *arg)
{
    return walk_places(&(struct walk){ .pid = pid, .each = each, .arg = arg });
}

int board_change(pid_t pid, void (*change)(struct board *, void *arg), void *arg)
{
    return walk_places(&(struct walk){ .pid = pid, .change = change, .arg = arg });
}

const struct board_about *board_about(const struct board *b)
{
    return &b->about;
}
