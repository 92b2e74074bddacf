/* ftpc_file: what a client asks about files and folders, and changes, without a data connection. Paths are those of the server,
 * results as in ftpc.h. */
#ifndef DRAY_CLIENT_FTPC_FILE_H
#define DRAY_CLIENT_FTPC_FILE_H

#include "base/sums.h"
#include "client/ftpc.h"

struct ftpc_facts {
    bool folder;
    bool partial;  /* what has come of an upload that broke off: not a whole file */
    int64_t size;  /* bytes; -1 unknown */
    int64_t mtime; /* seconds since 1970; INT64_MIN unknown */
};

/* One question where the server has MLST; else SIZE and MDTM, and CWD for a folder. */
int ftpc_facts(struct ftpc *ftp, struct span path, struct ftpc_facts *out);
/* The same of what will be fetched: where the server bears it, the port for that is asked for in the same go. */
int ftpc_facts_to_get(struct ftpc *ftp, struct span path, struct ftpc_facts *out);

/* The same of what is meant to be a file: without MLST nothing is tried that would change the current folder. */
int ftpc_file_facts(struct ftpc *ftp, struct span path, struct ftpc_facts *out);

/* By MDTM; INT64_MIN when the server cannot tell. */
int ftpc_mtime(struct ftpc *ftp, struct span path, int64_t *mtime);

int ftpc_delete(struct ftpc *ftp, struct span path);
int ftpc_mkdir(struct ftpc *ftp, struct span path);
int ftpc_rmdir(struct ftpc *ftp, struct span path);
int ftpc_rename(struct ftpc *ftp, struct span from, struct span to);
/* -EACCES also where the server cannot. Where it keeps commands (ftpc_can.pipe) the answer is not waited for: 0 says that it was asked. */
int ftpc_set_mtime(struct ftpc *ftp, struct span path, int64_t seconds);
int ftpc_try_mtime(struct ftpc *ftp, struct span path, int64_t seconds); /* is always waited for */
/* The next download is of the bytes from `from` to before `to`. -EACCES also where the server cannot. */
int ftpc_range(struct ftpc *ftp, int64_t from, int64_t to);
/* The next transfer begins there: ftpc_begin comes next, also after -EACCES (it cannot). */
int ftpc_restart(struct ftpc *ftp, int64_t offset);

/* Which checksums of whole files, and of their beginnings, the server computes: SUM_BIT of each. */
unsigned ftpc_sums(const struct ftpc *ftp);
unsigned ftpc_sums_of_part(const struct ftpc *ftp);
/* One of them, of the first `bytes` (-1: of all). -EACCES when the answer is none. */
int ftpc_sum(struct ftpc *ftp, struct span path, int64_t bytes, enum sum_id id, struct sums *out);

#endif
