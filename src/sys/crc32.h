/* crc32: the CRC32 of zlib, PKZIP and Ethernet, as fast as this processor can: it is computed of every upload. */
#ifndef DRAY_SYS_CRC32_H
#define DRAY_SYS_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC32 of what had `crc` (0: nothing) with these bytes behind it. */
uint32_t crc32_add(uint32_t crc, const void *data, size_t len);
/* The CRC32 of what had `crc` with `len` bytes behind it that have `tail`: pieces can be summed in any order. */
uint32_t crc32_join(uint32_t crc, uint32_t tail, uint64_t len);

#endif
