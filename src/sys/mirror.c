/* mirror: see mirror.h. Called by the client's sync; owns a descriptor for each folder that it stands in. A removal goes down from
 * the root by openat(O_NOFOLLOW), name by name, and removes by unlinkat: whatever is moved or replaced by a link meanwhile, it
 * cannot lead out. Fails with -errno. */
#include "sys/mirror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* ---- what is there ---- */

static struct mirror_entry look(int dir, const char *name)
{
    struct stat st, to;
    bool link;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return (struct mirror_entry){ .name = name, .other = true };
    link = S_ISLNK(st.st_mode);
    if (link && fstatat(dir, name, &to, 0) == 0 && S_ISREG(to.st_mode))
        st = to;
    return (struct mirror_entry){
        .name = name,
        .folder = S_ISDIR(st.st_mode),
        .other = !S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode),
        .size = st.st_size,
        .mtime = st.st_mtim.tv_sec,
    };
}

int mirror_each(const char *folder, bool (*each)(void *arg, const struct mirror_entry *), void *arg)
{
    DIR *dir = opendir(folder);
    const struct dirent *d;
    bool more = true;
    int rc;

    if (!dir)
        return -errno;
    while (errno = 0, more && (d = readdir(dir)) != NULL)
        if (!is_dots(d->d_name)) {
            struct mirror_entry e = look(dirfd(dir), d->d_name);

            more = each(arg, &e);
        }
    rc = more ? -errno : 0; /* a folder that broke off is not one that ends */
    closedir(dir);
    return rc;
}

unsigned mirror_tick(const char *folder)
{
    struct statfs fs;

    return statfs(folder, &fs) == 0 && fs.f_type == MSDOS_SUPER_MAGIC ? 2 : 1;
}

/* ---- removal ---- */

struct removal {
    const struct mirror_hand *hand;
    char *path;
    unsigned cap;
};

static int remove_name(struct removal *r, int dir, unsigned at, unsigned depth);

static int append(struct removal *r, unsigned *len, const char *name)
{
    size_t n = strlen(name);

    if (*len + n + 2 > r->cap)
        return -ENAMETOOLONG;
    r->path[*len] = '/';
    memcpy(r->path + *len + 1, name, n + 1);
    *len += 1;
    return 0;
}

/* All in the open folder, whose path has `len` bytes. 1: something was kept. The frame is there once for each folder. */
static int empty(struct removal *r, DIR *dir, unsigned len, unsigned depth)
{
    const struct dirent *d;
    int kept = 0;

    while (errno = 0, (d = readdir(dir)) != NULL) {
        unsigned at = len;
        int rc;

        if (is_dots(d->d_name))
            continue;
        TRY(append(r, &at, d->d_name));
        rc = remove_name(r, dirfd(dir), at, depth + 1);
        TRY(rc);
        kept |= rc;
        r->path[len] = '\0';
    }
    return errno ? -errno : kept;
}

static int empty_folder(struct removal *r, int dir, unsigned at, unsigned depth)
{
    int fd = depth > MIRROR_DEPTH ? -1 : openat(dir, r->path + at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    int rc = depth > MIRROR_DEPTH ? -ELOOP : -errno;

    if (!folder) {
        close_fd(&fd);
        return rc;
    }
    rc = empty(r, folder, at + (unsigned)strlen(r->path + at), depth);
    closedir(folder);
    return rc;
}

/* The name at path + at, in the open folder `dir`. */
static int remove_name(struct removal *r, int dir, unsigned at, unsigned depth)
{
    struct stat st;
    bool folder;

    if (fstatat(dir, r->path + at, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    folder = S_ISDIR(st.st_mode);
    if (r->hand->keep(r->hand->arg, r->path, folder))
        return 1;
    if (folder) {
        int rc = empty_folder(r, dir, at, depth);

        if (rc != 0)
            return rc;
    }
    if (!r->hand->dry && unlinkat(dir, r->path + at, folder ? AT_REMOVEDIR : 0) < 0)
        return -errno;
    r->hand->gone(r->hand->arg, r->path, folder);
    return 0;
}

int mirror_remove(const char *root, char *path, unsigned cap, const struct mirror_hand *hand)
{
    struct removal r = { .hand = hand, .path = path, .cap = cap };
    CLEANUP(close_fd) int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *leaf = path, *slash;

    while (dir >= 0 && (slash = strchr(leaf, '/')) != NULL) {
        int next;

        *slash = '\0';
        next = openat(dir, leaf, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        *slash = '/';
        close_fd(&dir);
        dir = next;
        leaf = slash + 1;
    }
    return dir < 0 ? -errno : remove_name(&r, dir, (unsigned)(leaf - path), 0);
}
