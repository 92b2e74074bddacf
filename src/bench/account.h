/* account: the accounts file of our own servers when passwords are measured: one account, its password a yescrypt hash. */
#ifndef DRAY_BENCH_ACCOUNT_H
#define DRAY_BENCH_ACCOUNT_H

#define ACCOUNT_NAME "bench"
#define ACCOUNT_PASSWORD "as long as a good one is"

enum { ACCOUNT_PATH = 1024 };

struct account_file {
    char folder[ACCOUNT_PATH], path[ACCOUNT_PATH + 16]; /* "": not made */
};

/* In a temporary folder of its own, below `parent` or (NULL) where temporary files go. -errno; account_remove in any case. */
int account_make(const char *parent, struct account_file *a);
void account_remove(struct account_file *a);

#endif
