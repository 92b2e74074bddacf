/* account: makes and removes an accounts file (see account.h). Called by bench.c; owns the folder from account_make to
 * account_remove. Fails with -errno. The hash is what `dray user add` would make: its cost is what is measured. */
#include "bench/account.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "sys/scratch.h"
#include "sys/secret.h"

int account_make(const char *parent, struct account_file *a)
{
    char hash[SECRET_HASH], line[SECRET_HASH + 64];

    TRY(secret_hash(span_of(ACCOUNT_PASSWORD), hash));
    snprintf(line, sizeof line, ACCOUNT_NAME ":%s::write::", hash); /* name, hash, home, rights, limits, notes (wire/users.h) */
    TRY(scratch_make(parent, a->folder, sizeof a->folder));
    snprintf(a->path, sizeof a->path, "%s/users", a->folder);
    return scratch_text(a->folder, "users", line);
}

void account_remove(struct account_file *a)
{
    if (*a->folder)
        scratch_remove(a->folder);
    *a = (struct account_file){ 0 };
}
