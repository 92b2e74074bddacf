/* listing: reads what MLSD or LIST sends, keeps what is safe to show and to type again, and prints it. Called by the
 * menu for `list` and for completion; owns the names it keeps. A name with a slash, a control byte or just dots is
 * left out and counted: it could be used to steer where a download lands or to paint on the terminal. Fails as ftpc.h
 * says. RFC 3659 7. */
#include "client/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/say.h"
#include "sys/clock.h"
#include "wire/ftp_list.h"
#include "wire/text.h"

static int grow(struct listing *l)
{
    unsigned room = l->room ? l->room * 2 : 64;
    struct listing_entry *more;

    if (l->count < l->room)
        return 0;
    more = realloc(l->at, room * sizeof *more);
    if (!more)
        return -EFBIG;
    l->at = more;
    l->room = room;
    return 0;
}

/* "." and ".." are no names of anything in it, however they come. */
static bool wanted(const struct listing *l, const struct ftp_entry *e)
{
    if (e->kind == FTP_CDIR || e->kind == FTP_PDIR || span_eq(e->name, SPAN(".")) || span_eq(e->name, SPAN("..")))
        return false;
    return l->all || (e->kind != FTP_OTHER && !span_starts(e->name, SPAN(".")));
}

static bool harmless(struct span name)
{
    return name.len && name.len <= 255 && span_find(name, '/') < 0 && !text_has_control(name);
}

int listing_add(struct listing *l, const struct listing_entry *e)
{
    const char *name;

    l->arena.limit = LISTING_BYTES;
    if (l->count == LISTING_MOST)
        return -EFBIG;
    TRY(grow(l));
    name = arena_text(&l->arena, e->name);
    if (!name)
        return -EFBIG;
    l->at[l->count] = *e;
    l->at[l->count++].name = (struct span){ name, e->name.len };
    return 0;
}

static int keep(struct listing *l, const struct ftp_entry *e, bool vague)
{
    struct listing_entry entry = {
        .name = e->name,
        .size = e->kind == FTP_FILE && e->has & 1u << FTP_FACT_SIZE ? e->size : -1,
        .mtime = e->has & 1u << FTP_FACT_MODIFY ? e->mtime : INT64_MIN,
        .folder = e->kind == FTP_DIR,
        .other = e->kind == FTP_OTHER,
        .vague = vague,
    };

    return listing_add(l, &entry);
}

int listing_add_line(struct listing *l, struct span line, bool facts, int64_t now)
{
    struct ftp_entry e = { 0 };
    int rc = facts ? ftp_list_parse_facts(line, &e) : ftp_list_parse_ls(line, now, &e);

    l->bytes += (int64_t)line.len + 2;
    if (l->bytes > LISTING_BYTES)
        return -EFBIG;
    if (rc > 0 && wanted(l, &e) && harmless(e.name))
        return keep(l, &e, !facts);
    if (rc < 0 || (rc > 0 && wanted(l, &e)))
        l->odd++;
    return 0;
}

static int by_kind_and_name(const void *left, const void *right)
{
    const struct listing_entry *a = left, *b = right;

    if (a->folder != b->folder)
        return a->folder ? -1 : 1;
    return strcmp(a->name.at, b->name.at);
}

void listing_sort(struct listing *l)
{
    if (l->count)
        qsort(l->at, l->count, sizeof *l->at, by_kind_and_name);
}

void listing_free(struct listing *l)
{
    arena_reset(&l->arena);
    free(l->at);
    *l = (struct listing){ 0 };
}

/* ---- from the server ---- */

static int read_lines(struct ftpc *ftp, struct rt_task *task, struct io *data, bool facts, struct listing *l)
{
    int64_t now = clock_wall();

    for (;;) {
        struct span line;
        int rc = ftpc_line(ftp, data, &line);

        if (rc == -ENODATA)
            return 0;
        if (rc == -EMSGSIZE)
            l->odd++;
        else
            TRY(rc);
        if (rc == 0)
            TRY(listing_add_line(l, line, facts, now));
        TRY(rt_turn(task, -1));
    }
}

static int end_data(struct ftpc *ftp, struct io **data)
{
    io_close(data);
    return ftpc_end(ftp);
}

/* A server that shows all names shows "." at least: where nothing came it may have taken "-a" for a name, and is asked without. */
static bool worth_a_plain_one(struct ftpc *ftp, const struct listing *l, bool facts)
{
    return !facts && l->bytes == 0 && ftpc_list_plainly(ftp, true);
}

static int load(struct ftpc *ftp, struct rt_task *task, struct span folder, struct listing *l, struct io **data)
{
    bool facts;

    TRY(ftpc_list_begin(ftp, folder, &facts, data));
    TRY(read_lines(ftp, task, *data, facts, l));
    TRY(end_data(ftp, data));
    if (!worth_a_plain_one(ftp, l, facts))
        return 0;
    TRY(load(ftp, task, folder, l, data));
    if (l->bytes == 0) /* empty, or not there: nothing was learnt */
        ftpc_list_plainly(ftp, false);
    return 0;
}

static int fetch(struct client *cl, struct span folder, bool loud, struct listing *l, struct io **data)
{
    bool facts;

    TRY(ftpc_list_begin(cl->ftp, folder, &facts, data));
    if (loud)
        client_note(cl);
    TRY(read_lines(cl->ftp, &cl->task, *data, facts, l));
    TRY(end_data(cl->ftp, data));
    if (worth_a_plain_one(cl->ftp, l, facts))
        TRY(load(cl->ftp, &cl->task, folder, l, data));
    if (loud)
        client_note(cl);
    return 0;
}

/* After a fetch that ended with rc, the session being in step again. */
static int settle(struct listing *l, int rc)
{
    if (rc == -EFBIG)
        l->cut = true;
    else if (rc < 0)
        listing_free(l);
    listing_sort(l);
    return rc == -EFBIG ? 0 : rc;
}

int listing_fetch(struct client *cl, struct span folder, bool loud, struct listing *out)
{
    CLEANUP(io_abort) struct io *data = NULL;
    int rc = fetch(cl, folder, loud, out, &data);

    return settle(out, rc < 0 ? client_give_up(cl, &data, rc) : rc);
}

int listing_load(struct ftpc *ftp, struct rt_task *task, struct span folder, struct listing *l)
{
    CLEANUP(io_abort) struct io *data = NULL;
    int rc = load(ftp, task, folder, l, &data);

    if (rc < 0 && !task->cancelled)
        rc = ftpc_give_up(ftp, &data, rc);
    return settle(l, rc);
}

/* ---- to the screen ---- */

static const char *date(int64_t mtime, char out[20])
{
    time_t t = (time_t)mtime;
    struct tm tm;

    if (mtime == INT64_MIN || !localtime_r(&t, &tm) || !strftime(out, 20, "%Y-%m-%d %H:%M", &tm))
        return "";
    return out;
}

static void show_entry(const struct client *cl, const struct listing_entry *e)
{
    char size[24], when[20];
    struct buf b = BUF(size);
    struct shown name;

    if (!e->folder)
        ui_size(&b, e->size);
    ui_say(&cl->ui, "  %8s  %-16s  %s%s", buf_cstr(&b), date(e->mtime, when), shown(&name, e->name),
           e->folder ? "/" : "");
}

static void show_totals(const struct client *cl, const struct listing *l, unsigned folders)
{
    char size[24], text[100];
    struct buf b = BUF(size), line = BUF(text);
    unsigned files = l->count - folders;
    int64_t total = 0;

    for (unsigned i = folders; i < l->count; i++)
        if (__builtin_add_overflow(total, l->at[i].size > 0 ? l->at[i].size : 0, &total))
            total = INT64_MAX;
    ui_size(&b, total);
    buf_printf(&line, ngettext("%u file (%s)", "%u files (%s)", files), files, buf_cstr(&b));
    buf_printf(&line, ngettext(", %u folder", ", %u folders", folders), folders);
    ui_say(&cl->ui, "%s", buf_cstr(&line));
}

void listing_show(const struct client *cl, const struct listing *l)
{
    unsigned folders = 0;

    while (folders < l->count && l->at[folders].folder)
        folders++;
    if (folders)
        ui_say(&cl->ui, _("Folders"));
    for (unsigned i = 0; i < l->count; i++) {
        if (i == folders)
            ui_say(&cl->ui, _("Files"));
        show_entry(cl, &l->at[i]);
    }
    show_totals(cl, l, folders);
    if (l->odd)
        ui_say(&cl->ui, ngettext("%u more line left out: not understood, or no safe name",
                                 "%u more lines left out: not understood, or no safe name", l->odd), l->odd);
    if (l->cut)
        ui_say(&cl->ui, _("The listing is longer than this client keeps (%d names, %d MiB): the rest was not read"),
               LISTING_MOST, LISTING_BYTES >> 20);
}
