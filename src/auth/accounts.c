/* accounts: the accounts of a text, in order of their names (see auth_impl.h). Called by auth_file.c; each account is one piece
 * of memory that lives as long as somebody holds it, the table holds each once. A mistake anywhere refuses the whole text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_impl.h"
#include "base/cleanup.h"
#include "wire/users.h"

void account_drop(const struct account **held)
{
    struct account *a = (struct account *)(uintptr_t)*held;

    *held = NULL;
    if (a && atomic_load(&a->refs) && atomic_fetch_sub(&a->refs, 1) == 1)
        free(a);
}

void accounts_free(struct accounts **all)
{
    for (unsigned i = 0; *all && i < (*all)->n; i++) {
        const struct account *a = (*all)->item[i];

        account_drop(&a);
    }
    if (*all)
        free((*all)->item);
    free(*all);
    *all = NULL;
}

/* A copy with a NUL behind it; moves *room. */
static char *place(char **room, struct span s)
{
    char *at = *room;

    memcpy(at, s.at, s.len);
    at[s.len] = '\0';
    *room += s.len + 1;
    return at;
}

static struct account *account_of(const struct user *u)
{
    size_t text = u->hash.len + u->home.len + u->rights.len + u->notes.len + 4;
    struct account *a = calloc(1, sizeof *a + text);
    char *room;

    if (!a)
        return NULL;
    room = (char *)(a + 1);
    memcpy(a->name, u->name.at, u->name.len);
    a->secret = place(&room, u->hash);
    a->home = u->home.len > 1 ? place(&room, u->home) : NULL;
    rights_parse(u->rights.len ? span_of(place(&room, u->rights)) : SPAN("add"), &a->rights);
    a->notes = place(&room, u->notes);
    a->limits = (struct account_limits){ (unsigned)u->limits.sessions, u->limits.down, u->limits.up };
    atomic_init(&a->refs, 1);
    return a;
}

static int add(struct accounts *all, const struct user *u)
{
    struct account *a = account_of(u), **more;

    if (!a)
        return -ENOMEM;
    if ((all->n & (all->n - 1)) == 0) { /* room for twice as many */
        more = realloc(all->item, sizeof *more * (all->n ? 2 * all->n : 1));
        if (!more) {
            free(a);
            return -ENOMEM;
        }
        all->item = more;
    }
    all->item[all->n++] = a;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct account *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int by_span(const void *key, const void *item)
{
    const struct span *name = key;
    const struct account *const *a = item;
    size_t len = strlen((*a)->name);
    int order = memcmp(name->at, (*a)->name, name->len < len ? name->len : len);

    return order ? order : (name->len > len) - (name->len < len);
}

struct account *accounts_find(const struct accounts *all, struct span name)
{
    struct account **found = all && all->n && name.len ? bsearch(&name, all->item, all->n, sizeof *found, by_span) : NULL;

    return found ? *found : NULL;
}

static int parse_lines(struct span text, struct accounts *all, struct user *u, struct accounts_fault *fault)
{
    while (text.len) {
        struct span line = span_cut(&text, '\n');
        int rc;

        fault->line++;
        rc = user_parse(line, u, &fault->why);
        TRY(rc);
        if (rc > 0)
            TRY(add(all, u));
    }
    return 0;
}

int accounts_parse(struct span text, struct accounts **out, struct accounts_fault *fault)
{
    CLEANUP(accounts_free) struct accounts *all = calloc(1, sizeof *all);
    struct user *u = malloc(sizeof *u);
    int rc = all && u ? 0 : -ENOMEM;

    *fault = (struct accounts_fault){ 0 };
    if (rc == 0)
        rc = parse_lines(text, all, u, fault);
    free(u);
    TRY(rc);
    if (all->n)
        qsort(all->item, all->n, sizeof *all->item, by_name);
    for (unsigned i = 1; i < all->n; i++) {
        if (strcmp(all->item[i - 1]->name, all->item[i]->name) == 0) {
            *fault = (struct accounts_fault){ .why = "two lines have the same name" };
            return -EBADMSG;
        }
    }
    *out = all;
    all = NULL;
    return 0;
}
