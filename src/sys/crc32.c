/* crc32: a CRC32 at the price of two copies of the bytes (see crc32.h). Called by sys/digest.c; owns nothing, cannot fail.
 *
 * ISA-L computes it with the carry-less multiplication of 128 bit vectors, as packaged by Debian 12 on any x86-64 processor.
 * Where there is one of 256 bit (VPCLMULQDQ: since Zen 3 and Ice Lake), the loop here needs half the time, and that decides
 * whether a checksum of every upload is cheap enough (bench/digest.c). It only shortens: four vectors are carried along the
 * content, each multiplied by x^1024 modulo the polynomial, in two halves, and added to the vector 128 bytes further on
 * ("Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009). What they hold at the end has the
 * same CRC as all that went by, and ISA-L finishes it. */
#include "sys/crc32.h"

#include <isa-l/crc.h>
#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>

/* x^(1024+32) and x^(1024-32) modulo the polynomial, bits reversed: for the lower and the upper half of 128 bits. */
#define FOLD_LOW 0x1e88ef372
#define FOLD_HIGH 0x14a7fe880

enum { STEP = 128, WORTH_IT = 4 * STEP };

#define WIDE __attribute__((target("avx2,vpclmulqdq")))

static inline WIDE __m256i fold(__m256i v, __m256i by, const unsigned char *next)
{
    __m256i low = _mm256_clmulepi64_epi128(v, by, 0x00), high = _mm256_clmulepi64_epi128(v, by, 0x11);

    return _mm256_xor_si256(_mm256_xor_si256(low, high), _mm256_loadu_si256((const __m256i *)next));
}

static inline WIDE __m256i load(const unsigned char *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

/* len: a multiple of STEP, at least that. */
static WIDE uint32_t add_wide(uint32_t crc, const unsigned char *at, size_t len)
{
    const __m256i by = _mm256_set_epi64x(FOLD_HIGH, FOLD_LOW, FOLD_HIGH, FOLD_LOW);
    __m256i a = _mm256_xor_si256(load(at), _mm256_set_epi32(0, 0, 0, 0, 0, 0, 0, (int)~crc));
    __m256i b = load(at + 32), c = load(at + 64), d = load(at + 96);
    const unsigned char *end = at + len;
    unsigned char rest[STEP];

    for (at += STEP; at < end; at += STEP) {
        a = fold(a, by, at);
        b = fold(b, by, at + 32);
        c = fold(c, by, at + 64);
        d = fold(d, by, at + 96);
    }
    _mm256_storeu_si256((__m256i *)rest, a);
    _mm256_storeu_si256((__m256i *)(rest + 32), b);
    _mm256_storeu_si256((__m256i *)(rest + 64), c);
    _mm256_storeu_si256((__m256i *)(rest + 96), d);
    return crc32_gzip_refl(~0u, rest, STEP); /* the CRC before is in there already */
}

static size_t wide_part(size_t len)
{
    bool can = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("vpclmulqdq");

    return can && len >= WORTH_IT ? len - len % STEP : 0;
}
#else
static uint32_t add_wide(uint32_t crc, const unsigned char *at, size_t len)
{
    return crc32_gzip_refl(crc, at, len);
}

static size_t wide_part(size_t len)
{
    return len;
}
#endif

uint32_t crc32_add(uint32_t crc, const void *data, size_t len)
{
    const unsigned char *at = data;
    size_t wide = wide_part(len);

    if (wide)
        crc = add_wide(crc, at, wide);
    return len > wide ? crc32_gzip_refl(crc, at + wide, len - wide) : crc;
}

/* ---- two sums into one ---- */

#define POLYNOMIAL 0xedb88320 /* without its x^32; the highest bit is x^0 */
#define ONE 0x80000000
#define X8 0x00800000

static uint32_t multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;

    for (; a; a <<= 1) {
        product ^= a & ONE ? b : 0;
        b = b >> 1 ^ (b & 1 ? POLYNOMIAL : 0);
    }
    return product;
}

/* What stands before `len` bytes counts x^(8 len) times. */
uint32_t crc32_join(uint32_t crc, uint32_t tail, uint64_t len)
{
    uint32_t power = ONE;

    for (uint32_t square = X8; len; len >>= 1, square = multiply(square, square))
        if (len & 1)
            power = multiply(power, square);
    return multiply(power, crc) ^ tail;
}
