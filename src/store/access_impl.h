/* access_impl: homes, listings and rights, for the files of store/ only. */
#ifndef DRAY_STORE_ACCESS_IMPL_H
#define DRAY_STORE_ACCESS_IMPL_H

#include "store/store_impl.h"

struct store_home {
    int root;     /* local: its descriptor */
    bool quick;   /* local: as of a storage */
    char path[];  /* of the storage */
};

/* May a client see or use names like this path's? */
bool access_is_shown(const struct storage *, struct span path);
/* What may be done at a path, strictly. */
unsigned access_rights(const struct store *, const char *path);
/* May this session use the path with these rights? 0, -EACCES, or `missing`: what a path that is not shown amounts to. */
int access_allow(const struct store *, const char *path, unsigned rights, int missing);
/* The listing of a folder, where rules say more about its entries; -ENOMEM. */
int access_watch(struct dir *, const struct store *, const char *path);
/* Is the entry to be seen? It is what dir_path tells about then. */
bool access_shows(struct dir *, const struct dir_entry *);

#endif
