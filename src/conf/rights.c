/* rights: the words for what an account may do (see rights.h). Called by auth and whoever talks to people. */
#include "conf/rights.h"

#include <errno.h>

static const struct {
    const char *word;
    unsigned rights;
    const char *text;
} levels[] = {
    { "read", RIGHTS_READ, "list and download" },
    { "add", RIGHTS_ADD, "list, download and upload new files" },
    { "write", RIGHTS_WRITE, "list, download, upload, overwrite, rename and delete" },
};

enum { LEVELS = sizeof levels / sizeof *levels };

int rights_parse(struct span word, unsigned *rights)
{
    for (unsigned i = 0; i < LEVELS; i++) {
        if (span_eq(word, span_of(levels[i].word))) {
            *rights = levels[i].rights;
            return 0;
        }
    }
    return -EINVAL;
}

const char *rights_text(unsigned rights)
{
    for (unsigned i = 0; i < LEVELS; i++)
        if (levels[i].rights == rights)
            return levels[i].text;
    return "nothing";
}
