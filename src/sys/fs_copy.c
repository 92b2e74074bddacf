/* fs_copy: bytes of one open file into another (see fs.h), by the kernel where it can. Called by the local store; owns nothing, fails
 * with -errno. */
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/fs.h"

/* For file systems without copy_file_range between these two files. */
static ssize_t copy_by_hand(int from, int64_t from_off, int to, int64_t to_off, size_t len)
{
    char block[1024];
    ssize_t n = pread(from, block, len < sizeof block ? len : sizeof block, from_off);

    return n <= 0 ? n : pwrite(to, block, (size_t)n, to_off);
}

static ssize_t copy_some(int from, int64_t from_off, int to, int64_t to_off, size_t len)
{
    ssize_t n = copy_file_range(from, &from_off, to, &to_off, len, 0);

    if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS))
        n = copy_by_hand(from, from_off, to, to_off, len);
    return n;
}

static int copy_data(int from, int64_t from_off, int to, int64_t to_off, int64_t len)
{
    for (int64_t done = 0; done < len;) {
        int64_t left = len - done, step = left < 1 << 30 ? left : 1 << 30;
        ssize_t n = copy_some(from, from_off + done, to, to_off + done, (size_t)step);

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            return -ENODATA;
        done += n > 0 ? n : 0;
    }
    return 0;
}

/* The next stretch of data at or behind `at`, as [*start, *stop) within `end`; all of it where holes are not known. */
static void next_data(int fd, int64_t at, int64_t end, int64_t *start, int64_t *stop)
{
    off_t data = lseek(fd, at, SEEK_DATA), hole;

    if (data < 0) {
        *start = errno == ENXIO ? end : at;
        *stop = end;
        return;
    }
    hole = lseek(fd, data, SEEK_HOLE);
    *start = data < end ? data : end;
    *stop = hole > data && hole < end ? hole : end;
}

/* Holes stay holes: a sparse file of terabytes is copied in the time that its data takes. */
int fs_copy(int from, int64_t from_off, int to, int64_t to_off, int64_t len)
{
    int64_t end = from_off + len, at = from_off, start, stop;
    struct fs_stat st;

    TRY(fs_stat(from, &st));
    if (st.size < end)
        return -ENODATA;
    for (; at < end; at = stop) {
        next_data(from, at, end, &start, &stop);
        TRY(copy_data(from, start, to, to_off + start - from_off, stop - start));
    }
    TRY(fs_stat(to, &st));
    return st.size < to_off + len ? fs_truncate(to, to_off + len) : 0;
}
