/* mem_file: files of the memory store, open for reading or writing. Reached through store_ops and file_ops; each holds a claim
 * on its node, so that its content stays whatever happens to the name. What is being written has no name yet, or that of a
 * partial; a commit links it into its folder, in the place of what stood there: old or new, under the lock. So content never
 * changes once it has a name that is shown, and readers and writers copy bytes without the lock.
 * Fails with -ENOSPC when blocks or nodes have run out, -ENFILE when too many files are open. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/mem.h"
#include "sys/clock.h"

/* ---- opening and closing ---- */

static int unclaim_call(struct mem_heap *h, void *arg)
{
    mem_unclaim(h, ((struct mem_file *)arg)->claim);
    return 0;
}

static void mem_close(struct file *file)
{
    struct mem_file *f = mem_file(file);

    if (f->claim)
        mem_do(f->h, unclaim_call, f);
    free(f->path);
    free(f);
}

static void abandon(struct mem_file **f)
{
    if (*f)
        mem_close(&(*f)->file);
}

/* Becomes a claim on the node: as the last step of a call, so that one that fails has none. */
static int claim(struct mem_heap *h, struct mem_file *f, uint32_t node, bool write)
{
    uint32_t i;

    TRY(mem_claim(h, node, write, &i));
    f->node = node;
    f->claim = i;
    f->version = h->nodes[node].version;
    f->file.size = h->nodes[node].size;
    mem_stat(h, node, &f->file.opened);
    return 0;
}

struct open_call {
    struct mem_file *f;
    const char *own;
    int64_t len;
};

static int open_call(struct mem_heap *h, void *arg)
{
    struct open_call *c = arg;
    uint32_t node;

    TRY(mem_walk(h, span_of(c->f->path), &node));
    if (h->nodes[node].kind == STORE_DIR)
        return -EISDIR;
    return claim(h, c->f, node, false);
}

static int find_place(struct mem_heap *h, struct mem_file *f)
{
    int rc = mem_parent(h, f->path, &f->folder, &f->leaf);

    TRY(rc == -EINVAL ? -EISDIR : rc);
    f->folder_ino = h->nodes[f->folder].ino;
    return 0;
}

static int create_call(struct mem_heap *h, void *arg)
{
    struct open_call *c = arg;
    uint32_t node;

    TRY(find_place(h, c->f));
    TRY(mem_make(h, STORE_FILE, &node));
    return claim(h, c->f, node, true);
}

/* Back to the first len bytes. The blocks of the others stay as long as somebody reads them, and may be written again. */
static void cut(struct mem_heap *h, struct mem_node *n, int64_t len)
{
    if (n->size == len)
        return;
    if (n->claims == 0)
        mem_trim(h, (uint32_t)(n - h->nodes), (uint32_t)((len + MEM_BLOCK - 1) / MEM_BLOCK));
    MEM_SET(h, n->size, len);
    MEM_SET(h, n->version, n->version + 1);
}

static int cut_call(struct mem_heap *h, void *arg)
{
    struct open_call *c = arg;

    cut(h, node_of(c->f), c->len);
    return 0;
}

static int mem_cut(struct file *file, int64_t len)
{
    struct mem_file *f = mem_file(file);

    TRY(mem_do(f->h, cut_call, &(struct open_call){ .f = f, .len = len }));
    f->block = f->index = 0;
    file->size = len;
    return 0;
}

static int resume_call(struct mem_heap *h, void *arg)
{
    struct open_call *c = arg;
    struct mem_node *n;
    uint32_t node;

    TRY(find_place(h, c->f));
    TRY(mem_walk(h, span_of(c->own), &node));
    n = h->nodes + node;
    if (n->kind == STORE_DIR)
        return -EISDIR;
    if (n->writer)
        return -EBUSY;
    if (c->len > n->size)
        return -ERANGE;
    c->f->file.held = n->size;
    cut(h, n, c->len < 0 ? n->size : c->len);
    return claim(h, c->f, node, true);
}

static int begin(const struct store *st, const char *path, const struct file_ops *ops,
                 int (*fn)(struct mem_heap *, void *), struct open_call *c, struct file **out)
{
    CLEANUP(abandon) struct mem_file *f = calloc(1, sizeof *f);
    CLEANUP(free_text) char *full = NULL;
    const char *at = mem_path(st, path, &full);

    if (!f || !at)
        return -ENOMEM;
    f->file = (struct file){ .ops = ops, .task = st->task, .fd = -1 };
    f->h = mem_of(st);
    f->path = strdup(at);
    if (!f->path)
        return -ENOMEM;
    c->f = f;
    TRY(mem_do(f->h, fn, c));
    *out = &f->file;
    f = NULL;
    return 0;
}

/* ---- content ---- */

/* The index-th block: as a rule the one it was at, or the next. */
static char *content(struct mem_file *f, uint32_t index)
{
    if (!f->block || index < f->index) {
        f->block = node_of(f)->head;
        f->index = 0;
    }
    for (; f->index < index; f->index++)
        f->block = f->h->next[f->block];
    return mem_content(f->h, f->block);
}

/* What lies in one piece from `off` on, of at most len bytes. */
static char *piece(struct mem_file *f, int64_t off, int64_t *len)
{
    int64_t in = off % MEM_BLOCK;

    if (*len > MEM_BLOCK - in)
        *len = MEM_BLOCK - in;
    return content(f, (uint32_t)(off / MEM_BLOCK)) + in;
}

static ssize_t mem_read(struct file *file, void *buf, size_t len, int64_t off)
{
    int64_t left = file->size - off, done = 0;

    if (left > (int64_t)len)
        left = (int64_t)len;
    while (done < left) {
        int64_t n = left - done;
        const char *from = piece(mem_file(file), off + done, &n);

        memcpy((char *)buf + done, from, (size_t)n);
        done += n;
    }
    return done;
}

/* A block for the bytes that come next, if they do not fit behind the last ones. */
static int room_call(struct mem_heap *h, void *arg)
{
    const struct mem_file *f = arg;

    return f->file.size < (int64_t)node_of(f)->blocks * MEM_BLOCK ? 0 : mem_grow(h, f->node);
}

/* Up to f->file.size it is there for those who open it now. */
static int wrote_call(struct mem_heap *h, void *arg)
{
    struct mem_file *f = arg;
    struct mem_node *n = node_of(f);

    MEM_SET(h, n->size, f->file.size);
    MEM_SET(h, n->mtime, clock_wall_ns());
    MEM_SET(h, n->version, n->version + 1);
    f->version = n->version;
    return 0;
}

static int mem_write(struct file *file, const void *buf, size_t len)
{
    struct mem_file *f = mem_file(file);
    const char *from = buf;

    while (len) {
        int64_t n = (int64_t)len;
        char *to;

        if (file->size % MEM_BLOCK == 0)
            TRY(mem_do(f->h, room_call, f));
        to = piece(f, file->size, &n);
        memcpy(to, from, (size_t)n);
        file->size += n;
        mem_do(f->h, wrote_call, f);
        from += n;
        len -= (size_t)n;
    }
    return 0;
}

static int mem_copy(struct file *file, struct file *from, int64_t off, int64_t len)
{
    if (from->size - off < len)
        return -ENODATA;
    while (len) {
        int64_t n = len;
        const char *at = piece(mem_file(from), off, &n);

        TRY(mem_write(file, at, (size_t)n));
        off += n;
        len -= n;
    }
    return 0;
}

/* ---- what a file is opened for ---- */

static const struct file_ops reading = {
    .read = mem_read, .close = mem_close, .get_mark = mem_get_mark, .set_mark = mem_set_mark, .same = mem_same,
};

static const struct file_ops writing = {
    .read = mem_read, .write = mem_write, .close = mem_close, .look = mem_file_look, .name_id = mem_file_id, .copy = mem_copy,
    .space = mem_file_space, .aim = mem_aim, .commit = mem_commit, .hide = mem_hide, .unhide = mem_unhide, .cut = mem_cut, .get_mark = mem_get_mark,
    .set_mark = mem_set_mark, .same = mem_same,
};

int mem_open(const struct store *st, const char *path, struct file **out)
{
    return begin(st, path, &reading, open_call, &(struct open_call){ 0 }, out);
}

int mem_create(const struct store *st, const char *path, struct file **out)
{
    return begin(st, path, &writing, create_call, &(struct open_call){ 0 }, out);
}

int mem_resume(const struct store *st, const char *own, const char *path, int64_t len, struct file **out)
{
    return begin(st, path, &writing, resume_call, &(struct open_call){ .own = own, .len = len }, out);
}
