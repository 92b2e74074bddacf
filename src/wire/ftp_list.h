/* ftp_list: one entry of a listing, printed by the server and read by the client: `ls -l` (LIST; what clients parse is
 * common usage, no RFC) and MLSx facts (RFC 3659 section 7). */
#ifndef DRAY_WIRE_FTP_LIST_H
#define DRAY_WIRE_FTP_LIST_H

#include "base/buf.h"

enum ftp_kind { FTP_FILE, FTP_DIR, FTP_CDIR, FTP_PDIR, FTP_OTHER };

/* The facts dray knows, in FEAT's order; the bit is 1 << the enumerator. */
enum ftp_fact {
    FTP_FACT_TYPE, FTP_FACT_SIZE, FTP_FACT_MODIFY, FTP_FACT_PERM, FTP_FACT_UNIQUE,
    FTP_FACT_MODE, FTP_FACT_OWNER, FTP_FACT_GROUP,
    FTP_FACT_PARTIAL, /* what has come of an upload that broke off */
    FTP_FACTS
};

struct ftp_entry {
    struct span name; /* as in the listing; for MLST the path that follows the facts */
    enum ftp_kind kind;
    unsigned has;     /* bits of enum ftp_fact that the fields below answer (set by the parsers) */
    int64_t size;     /* bytes; for folders left out of the facts */
    int64_t mtime;    /* seconds since 1970, UTC */
    uint64_t dev, ino;
    unsigned mode, nlink, uid, gid;
    bool partial;
    bool read, add, write; /* what this session may do with it: the perm fact is made from these */
    bool stays;            /* it cannot be renamed all the same */
};

/* Both printers leave a whole entry in the buffer, or (b->over) none of it. A name's control bytes become '?'. */

/* "-rw-r--r--   1 ftp      ftp          1234 Nov 23 10:12 name\r\n". Owner and group are the word `ftp`: names of the
 * machine's accounts are nobody's business. */
void ftp_list_print_ls(struct buf *b, const struct ftp_entry *e, int64_t now);

/* "type=file;size=1234;modify=20261123101200; name" and line_end; `facts` chooses (bits as above). A size fact only for
 * files. perm: RFC 3659 7.5.5 letters. */
void ftp_list_print_facts(struct buf *b, const struct ftp_entry *e, unsigned facts, struct span line_end);

/* The name of a fact as FEAT prints it ("type", "UNIX.mode"). */
const char *ftp_fact_name(enum ftp_fact f);

/* "OPTS MLST type;size;" argument -> bits; unknown facts are ignored (RFC 3659 section 7.9). */
unsigned ftp_facts_parse(struct span list);

/* Client side. Names are views into `line`. Lines that are no entry ("total 12", blank) give 0, an entry gives 1,
 * -EBADMSG for a line that no known form explains. LIST forms: UNIX ls -l (with or without group, numeric dates,
 * symbolic links: the name without " -> target", kind FTP_OTHER), and DOS/IIS ("11-23-26  10:12AM  <DIR>  name").
 * `now` settles the year of a date without one. */
int ftp_list_parse_ls(struct span line, int64_t now, struct ftp_entry *out);
int ftp_list_parse_facts(struct span line, struct ftp_entry *out);

#endif
