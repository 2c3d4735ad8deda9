/* Sums and sums of products over many lanes, at several SIMD levels: what vector.c needs beside levels.h.
 *
 * Contract
 *   products.c is compiled twice for each level of levels.h and gives two `Products`: in the exact ones,
 *   products are rounded before they are added.
 *
 *   out[a * lanes + b] = sum over j < terms of s[x[a * terms + j] + b] * s[y[a * terms + j] + b * spread]
 *
 *   for a < rows, b < lanes: the tables x and y hold where in `s` a term begins. `spread` is 1, or 0 where
 *   the second factor is one number for all lanes of a row; then this is a small product of matrices.
 *   `sum` is the same without a second factor. `out` overlaps nothing that is read.
 *
 *   Each lane adds its terms in order, beginning with the first; not exact, fused where the level can: at one level the result does not depend on
 *   how the lanes are cut into tiles. */
#ifndef GRADLOOM_PRODUCTS_H
#define GRADLOOM_PRODUCTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    void (*dot)(ptrdiff_t rows, ptrdiff_t lanes, ptrdiff_t terms, double *out, const double *s, const int32_t *x,
                const int32_t *y, int spread);
    void (*sum)(ptrdiff_t rows, ptrdiff_t lanes, ptrdiff_t terms, double *out, const double *s, const int32_t *x);
    void (*gather)(ptrdiff_t n, double *out, const double *s, const int32_t *from);
} Products;

#endif
