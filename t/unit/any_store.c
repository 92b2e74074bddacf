/* any_store: what the cases share. */
#include "any_store.h"

#include "base/cleanup.h"
#include "store/shared.h"
#include "sys/proc.h"

struct store any;

static struct storage storage;
static struct rt_task task;

int any_set_up(void **state)
{
    (void)state;
    task = rt_block_task((struct rt_stop){ -1, -1 });
    any = (struct store){ .storage = &storage, .task = &task, .account = "bob", .rights = RIGHT_READ | RIGHT_ADD | RIGHT_WRITE };
    TRY(any_open(&storage));
    storage.shared = store_shared_new();
    storage.keep = true;
    storage.sums = SUM_BIT(SUM_CRC32);
    return storage.shared ? 0 : -ENOMEM;
}

int any_tear_down(void **state)
{
    (void)state;
    proc_unshare(storage.shared, sizeof *storage.shared);
    any_close(&storage);
    return 0;
}

int any_put(const char *path, const char *text)
{
    CLEANUP(file_close) struct file *f = NULL;

    TRY(storage.ops->create(&any, path, &f));
    TRY(f->ops->write(f, text, strlen(text)));
    return f->ops->commit(f, true);
}

int any_store(const char *path, const char *text)
{
    CLEANUP(file_close) struct file *f = NULL;

    TRY(store_create(&any, &(struct store_upload){ .path = path, .how = STORE_PUT }, &f));
    TRY(file_write(f, text, strlen(text)));
    return file_commit(f);
}

void any_folder(const char *path)
{
    assert_int_equal(ANY_CHANGE(.verb = STORE_MKDIR, .path = path), 0);
}

int any_change(struct store_change c)
{
    return storage.ops->change(&any, &c);
}

void any_holds(struct file *f, const char *want)
{
    char got[1000];
    ssize_t n = f->ops->read(f, got, sizeof got, 0);

    assert_true(n >= 0);
    same_text("content", 0, (struct span){ got, (size_t)n }, want);
}

void any_is(const char *path, const char *want)
{
    CLEANUP(file_close) struct file *f = NULL;

    same_int(path, 0, storage.ops->open(&any, path, &f), 0);
    assert_int_equal(f->size, strlen(want));
    any_holds(f, want);
}

enum store_kind any_kind(const char *path)
{
    struct store_stat st;
    int rc = storage.ops->stat(&any, path, &st);

    assert_true(rc == 0 || rc == -ENOENT);
    return rc == 0 ? st.kind : 0;
}

unsigned any_count(const char *path)
{
    CLEANUP(dir_close) struct dir *d = NULL;
    const struct dir_entry *e;
    unsigned n = 0;

    assert_int_equal(storage.ops->list(&any, path, false, &d), 0);
    while (d->ops->next(d, &e) > 0)
        n++;
    return n;
}

void any_fill(char *buf, unsigned seed, int64_t off, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t at = (uint64_t)off + i;

        buf[i] = (char)(seed * 31 + at + (at >> 8) * 7 + (at >> 16) * 13);
    }
}

enum { STEP = 50001 };

int any_write_pattern(struct file *f, unsigned seed, int64_t len)
{
    CLEANUP(free_text) char *buf = malloc(STEP);
    int64_t end = f->size + len;

    while (f->size < end) {
        size_t n = end - f->size < STEP ? (size_t)(end - f->size) : STEP;

        any_fill(buf, seed, f->size, n);
        TRY(f->ops->write(f, buf, n));
    }
    return 0;
}

void any_holds_pattern(struct file *f, unsigned seed, int64_t len)
{
    CLEANUP(free_text) char *got = malloc(STEP);
    CLEANUP(free_text) char *want = malloc(STEP);
    int64_t off = 0;
    ssize_t n;

    while ((n = f->ops->read(f, got, STEP, off)) > 0) {
        any_fill(want, seed, off, (size_t)n);
        if (memcmp(got, want, (size_t)n) != 0)
            fail_msg("other bytes between %lld and %lld", (long long)off, (long long)off + n);
        off += n;
    }
    assert_int_equal(n, 0);
    assert_int_equal(off, len);
}
