/* piece: memory that is needed for a moment and at once again: a command's scratch, a reply on its way. Each thread keeps some
 * for the next taker, so that such moments leave no holes between what sessions keep for long. */
#ifndef DRAY_BASE_PIECE_H
#define DRAY_BASE_PIECE_H

enum { PIECE = 8192 + 64 }; /* bytes, aligned for any type, not zeroed: 8 KiB also behind the head of an arena's chunk */

/* NULL without memory. */
void *piece_take(void);
/* In the thread that took it. NULL is fine. */
void piece_give(void *piece);

#endif
