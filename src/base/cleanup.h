/* cleanup: scope-owned resources and the one early return. Every x_close(struct x **) takes NULL and nulls its
 * argument. */
#ifndef DRAY_BASE_CLEANUP_H
#define DRAY_BASE_CLEANUP_H

#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* Evaluates e; a negative result (-errno) leaves the function with it. */
#define TRY(e)                       \
    do {                             \
        int try_rc_ = (int)(e);      \
        if (try_rc_ < 0)             \
            return try_rc_;          \
    } while (0)

/* A function whose locals must not become those of its caller: a session waits inside its callers, and every byte of their
 * frames is there ten thousand times. */
#define APART __attribute__((noinline))

/* for CLEANUP(free_text) char *x */
void free_text(char **text);
/* for CLEANUP(close_fd) int fd = -1; leaves errno alone */
void close_fd(int *fd);

#endif
