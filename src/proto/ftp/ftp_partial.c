/* ftp_partial: SITE PARTIAL: what was kept of this account's broken upload of a path. For a name that does not exist SIZE and
 * MLST tell it, too; where a whole file stands they are of that file, and only this command shows what else there is. After
 * it, REST and STOR of the same path in this session continue the partial and not the file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/ftp/ftp.h"
#include "wire/ftp_time.h"

static int sum_of_partial(struct ftp *f, const char *path, struct sums *sums)
{
    CLEANUP(file_close) struct file *file = NULL;

    TRY(store_partial_open(&f->s->store, path, &file));
    return hash_whole(f, file, sums);
}

/* In the form of facts: clients have a parser for those. */
static int tell(struct ftp *f, const char *path, const struct store_stat *st, const struct sums *sums)
{
    char text[80 + 2 * SUM_MAX];
    struct buf b = BUF(text);

    buf_printf(&b, "size=%lld;modify=", (long long)st->size);
    ftp_time_print(&b, st->mtime);
    buf_printf(&b, ";%s=", sum_kinds[f->hash].name);
    sum_print(&b, sums, f->hash);
    return reply(f, 213, "%s; %s", buf_cstr(&b), show(f, span_of(path)));
}

void ftp_partial_done(struct ftp *f)
{
    free(f->partial_of);
    f->partial_of = NULL;
}

int site_partial(struct ftp *f, struct span arg)
{
    struct store_stat st;
    struct sums sums;
    char *path;

    if (!arg.len)
        return reply(f, 501, "SITE PARTIAL wants a path.");
    TRY(ftp_path(f, arg, &path));
    TRY(store_partial(&f->s->store, path, &st));
    TRY(sum_of_partial(f, path, &sums));
    free(f->partial_of);
    f->partial_of = strdup(path);
    return f->partial_of ? tell(f, path, &st, &sums) : -ENOMEM;
}
