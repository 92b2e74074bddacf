/* rights: what an account may do, three words that operators write and people read. Levels: each includes those before. */
#ifndef DRAY_CONF_RIGHTS_H
#define DRAY_CONF_RIGHTS_H

#include "base/span.h"

enum right { RIGHT_READ = 1, RIGHT_ADD = 2, RIGHT_WRITE = 4 };

enum {
    RIGHTS_READ = RIGHT_READ,              /* list, download */
    RIGHTS_ADD = RIGHTS_READ | RIGHT_ADD,  /* and upload new names, make folders */
    RIGHTS_WRITE = RIGHTS_ADD | RIGHT_WRITE, /* and overwrite, append, rename, delete */
};

/* "read", "add" or "write"; -EINVAL for any other word. */
int rights_parse(struct span word, unsigned *rights);
/* What they allow, as the end of a sentence: "list and download". */
const char *rights_text(unsigned rights);

#endif
