/* tree: everything below a folder, one file after the other, in no order. Memory is for the path of the current one, however
 * deep it lies and however many there are; one descriptor is open. Links are not followed, so the walk stays inside; file
 * systems that are mounted inside belong to it. */
#ifndef DRAY_SYS_TREE_H
#define DRAY_SYS_TREE_H

#include <stddef.h>

struct tree;

struct tree_file {
    int dir;          /* its folder, open until the next call */
    const char *name; /* its name in there */
    const char *path; /* from the beginning of the walk; both live until the next call */
};

/* Names that begin with `skip` are passed over, folders as a whole; "": none. -ENOENT, -ENOTDIR, -EACCES, -ENOMEM. */
int tree_open(const char *folder, const char *skip, struct tree **out);
/* 1 and a regular file, 0 at the end. -errno: what out->path names cannot be looked into and is passed over, as permissions
 * may have it; -ESTALE ends the walk, because a folder that it was in has been moved meanwhile; so does -ENOMEM. */
int tree_next(struct tree *, struct tree_file *out);
/* NULL is fine. */
void tree_close(struct tree **);

#endif
