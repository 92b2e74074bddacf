/* names: candidates for completion. Called by the menu when TAB is pressed; owns the last listing of the current
 * folder, so that TAB asks the server once per folder. Fails silently: without candidates nothing is completed, and a
 * lost connection is told by the next command. */
#include "client/names.h"

#include <string.h>

#include "base/cleanup.h"
#include "sys/local.h"

void names_forget(struct names *n)
{
    listing_free(&n->here);
    n->known = false;
}

static void offer_remote(struct names *n, bool folders, struct choices *c)
{
    if (!n->known)
        n->known = listing_fetch(n->cl, (struct span){ 0 }, false, &n->here) == 0;
    for (unsigned i = 0; i < n->here.count; i++)
        if (n->here.at[i].folder == folders)
            choices_add(c, n->here.at[i].name, false);
}

/* What is typed up to the last slash is kept as it is; the folder it names is looked into. */
struct local_offer {
    struct choices *c;
    struct span before;
    bool hidden;
};

static bool offer_one(void *arg, const char *name, bool folder)
{
    struct local_offer *o = arg;
    char path[CHOICE_CAP];
    struct buf b = BUF(path);

    if (*name == '.' && !o->hidden)
        return true;
    buf_put(&b, o->before);
    buf_text(&b, name);
    if (!b.over)
        choices_add(o->c, buf_span(&b), folder);
    return true;
}

static void offer_local(struct choices *c)
{
    struct span typed = { c->prefix, c->prefix_len };
    struct span before = { c->prefix, (size_t)(span_rfind(typed, '/') + 1) };
    struct local_offer o = { c, before, span_starts(span_from(typed, before.len), SPAN(".")) };
    char folder[CHOICE_CAP];
    struct buf b = BUF(folder);

    buf_put(&b, before);
    if (b.over)
        return;
    local_each(before.len ? buf_cstr(&b) : ".", offer_one, &o);
}

void names_offer(struct names *n, enum names_kind kind, struct choices *c)
{
    if (kind == NAMES_LOCAL)
        offer_local(c);
    else if (kind != NAMES_NONE)
        offer_remote(n, kind == NAMES_FOLDERS, c);
}
