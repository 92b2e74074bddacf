/* home: a session's view narrowed to one folder (see store.h). Called at login; the session owns the home. Fails with -ENOENT where
 * there is no such folder, and none may be made. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/access_impl.h"

struct enter_call {
    struct store st; /* of all the storage */
    struct store_home *home;
};

/* Each folder on the way that is missing. */
static int make(const struct store *st, const char *home)
{
    CLEANUP(free_text) char *path = strdup(home);
    char *slash = path;
    int rc = path ? 0 : -ENOMEM;

    while (slash && (rc == 0 || rc == -EEXIST)) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        rc = st->storage->ops->change(st, &(struct store_change){ .verb = STORE_MKDIR, .path = path });
        if (slash)
            *slash = '/';
    }
    return rc == -EEXIST ? 0 : rc;
}

static int enter_call(void *arg)
{
    struct enter_call *c = arg;
    int rc = c->st.storage->ops->enter(&c->st, c->home);

    if (rc != -ENOENT || !(c->st.rights & RIGHT_ADD))
        return rc;
    TRY(make(&c->st, c->home->path));
    return c->st.storage->ops->enter(&c->st, c->home);
}

int store_enter(struct store *st, const char *home)
{
    size_t len = strlen(home) + 1;
    struct enter_call c = { .st = *st, .home = malloc(sizeof *c.home + len) };
    int rc;

    if (!c.home)
        return -ENOMEM;
    c.home->root = -1;
    memcpy(c.home->path, home, len);
    c.st.rights = store_rights(st, "/");
    rc = access_is_shown(st->storage, span_of(home)) ? rt_call(st->task, enter_call, &c) : -ENOENT;
    if (rc < 0)
        free(c.home);
    else
        st->home = c.home;
    return rc;
}

void store_leave(struct store *st)
{
    if (st->home)
        st->storage->ops->leave(st->home);
    free(st->home);
    st->home = NULL;
}
