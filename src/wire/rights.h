/* rights: what an account may do, in words that operators write and people read: one for everything, and others for some
 * folders: "read,/in=add,/secret=none". The nearest folder at or above a path decides. */
#ifndef DRAY_WIRE_RIGHTS_H
#define DRAY_WIRE_RIGHTS_H

#include "base/buf.h"

enum right { RIGHT_READ = 1, RIGHT_ADD = 2, RIGHT_WRITE = 4 };

enum {
    RIGHTS_NONE = 0,                       /* it is not there */
    RIGHTS_DROP = RIGHT_ADD,               /* upload new names, and see none */
    RIGHTS_READ = RIGHT_READ,              /* list, download */
    RIGHTS_ADD = RIGHTS_READ | RIGHT_ADD,  /* and upload new names, make folders */
    RIGHTS_WRITE = RIGHTS_ADD | RIGHT_WRITE, /* and overwrite, append, rename, delete */
};

struct rights {
    unsigned base;     /* bits of enum right: where no rule says otherwise */
    struct span rules; /* "/in=add,/secret=none": of the text that was parsed */
};

/* "none", "drop", "read", "add" or "write"; -EINVAL for any other word. */
int rights_word(struct span word, unsigned *rights);
/* WORD, rules, or both, with commas between. A rule is PATH=WORD; in its path ',', '=', ':', '%' and what cannot be typed may
 * be written as %XX. Without a word the base is none. -EINVAL. */
int rights_parse(struct span text, struct rights *out);

/* What may be done at a path (normal and absolute, as path_join makes them): bits of enum right. */
unsigned rights_at(const struct rights *, struct span path);
/* Is there something to see: at the path, or somewhere below? */
bool rights_seen(const struct rights *, struct span path);
/* What may be done somewhere: the bits of all places together. */
unsigned rights_any(const struct rights *);
/* Does some rule speak of a place below the path? Such a folder cannot be moved: its rules would stay behind. */
bool rights_below(const struct rights *, struct span path);

/* What they allow, as the end of a sentence: "list and download". */
const char *rights_text(unsigned rights);
/* The same with every rule: "list and download; in /in list, download and upload new files". What does not fit is left out
 * as a whole, and said. */
void rights_print(struct buf *b, const struct rights *);
/* In the words of `say`, as gettext(3). */
typedef char *rights_say(const char *);
void rights_print_as(struct buf *b, const struct rights *, rights_say *say);

#endif
