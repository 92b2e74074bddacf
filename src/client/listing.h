/* listing: a folder of the server, in bounded memory. */
#ifndef DRAY_CLIENT_LISTING_H
#define DRAY_CLIENT_LISTING_H

#include "base/arena.h"
#include "client/client.h"

/* A longer listing is cut there: a hostile server could go on for ever. */
enum { LISTING_MOST = 200000, LISTING_BYTES = 64 << 20 };

struct listing_entry {
    struct span name;
    int64_t size;  /* bytes; -1 unknown */
    int64_t mtime; /* seconds since 1970; INT64_MIN unknown */
    bool folder;
    bool other; /* neither a file nor a folder: a link, a device */
    bool vague; /* the time is one for people (LIST): to the minute or the day, in a time zone that nobody knows */
};

/* Zeroed is empty. */
struct listing {
    struct arena arena;
    struct listing_entry *at; /* folders first, then by name */
    unsigned count, room;
    unsigned odd;  /* lines that made no sense, and names that could do harm: left out */
    int64_t bytes; /* received */
    bool cut;
    bool all; /* also hidden names, and what is neither file nor folder; set before it is filled */
};

/* Reads a folder ("" is the current one) into an empty listing: regular files and folders, no hidden ones. With
 * `loud` the server's confirmations are shown. Fails as ftpc.h says, the session being in step again; the listing is
 * then empty. */
int listing_fetch(struct client *cl, struct span folder, bool loud, struct listing *out);

/* The same for a task of its own: no words on the screen, and l->cut as the only sign that it is longer. */
int listing_load(struct ftpc *ftp, struct rt_task *task, struct span folder, struct listing *l);

/* Prints it: folders, files, a line of totals. */
void listing_show(const struct client *cl, const struct listing *l);

/* Takes one line of a listing. 0; -EFBIG when the limits are reached. */
int listing_add_line(struct listing *l, struct span line, bool facts, int64_t now);

/* One entry, whose name is copied. 0; -EFBIG. */
int listing_add(struct listing *l, const struct listing_entry *e);

void listing_sort(struct listing *l);

/* For CLEANUP; empties it. */
void listing_free(struct listing *l);

#endif
