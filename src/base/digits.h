/* digits: unsigned numbers as text at a cursor, for lines that are printed a hundred thousand times: printf at a small part of
 * its price. Nothing is checked: the caller has room for the longest number. Each returns the place behind the last digit. */
#ifndef DRAY_BASE_DIGITS_H
#define DRAY_BASE_DIGITS_H

#include <stdint.h>
#include <string.h>

/* What a 64-bit number takes at most. */
enum { DIGITS_OCTAL = 22, DIGITS_DECIMAL = 20, DIGITS_HEX = 16 };

/* No leading zeros; "0" for zero. Hexadecimal in lower case. */
char *digits_octal(char *at, uint64_t n);
char *digits_decimal(char *at, uint64_t n);
char *digits_hex(char *at, uint64_t n);

/* What a hexadecimal digit of either case stands for, or -1. */
int digits_value(char c);

/* Exactly two decimal digits of n < 100. */
extern const char digits_pairs[];
static inline char *digits_pair(char *at, unsigned n)
{
    memcpy(at, digits_pairs + 2UL * n, 2);
    return at + 2;
}

/* Exactly four octal digits of n < 4096. */
char *digits_mode(char *at, unsigned n);

#endif
