/* folder_file: an open file of the local store, from inside: for folder_file.c and folder_name.c only. */
#ifndef DRAY_STORE_FOLDER_FILE_H
#define DRAY_STORE_FOLDER_FILE_H

#include "store/folder.h"

enum { AT_NAME = 64 };

struct folder_file {
    struct file file;
    struct folder_call call;
    struct store st;
    char *path;
    const char *leaf;    /* into path: the name it will have */
    int dir;             /* where that is */
    int at;              /* the folder of the name it has now */
    char at_name[AT_NAME]; /* "": it has none */
    bool local;          /* the file system is one of this machine's */
    bool hidden;         /* that name is one of a partial: it stays when the file is closed */
    struct fs_stat opened;
    bool keeps;          /* once closed, it may be kept open for the next reader: see folder_kept.c */
    bool asked, known;   /* what its mark said is in `said` and `mark`; and still holds, though this reader has not asked */
    int said;
    struct mark mark;
};

/* For file_ops: they get what is at its head. */
struct folder_file *folder_file(struct file *f);

/* Frees it and what it holds. */
void folder_free(struct folder_file *);

/* The file of this path as it was kept open, if that is still the one; NULL: it has to be opened. And keeps one that has been read,
 * unless nobody here would look after it. Only on the session's own thread (folder_kept.c). */
struct folder_file *folder_kept(const struct store *, const char *path);
bool folder_keep(struct folder_file *);
/* Closes all that are kept. Was there any? */
bool folder_gave_up(void);

/* file_ops.commit, .sync, .sync_name and .hide */
int folder_commit(struct file *f, bool replace);
int folder_sync(struct file *f);
int folder_sync_name(struct file *f);
int folder_hide(struct file *f, const char *own, int64_t *replaced);
int folder_unhide(struct file *f);

/* An empty file where there are none without a name: under a name of the store's own. */
int folder_open_passing(struct folder_file *l);
/* The hidden file `own`, locked. */
int folder_open_own(struct folder_file *l, const char *own);

#endif
