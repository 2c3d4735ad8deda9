/* Sums of products at one SIMD level; products.h is the contract.
 *
 * A tile is some rows by some vectors of lanes, whose sums stay in registers while its terms pass by: loads
 * are shared among its rows, and there are enough sums under way to hide the latency of the additions. What
 * is left over at the end of the lanes is done by a vector that overlaps the one before (the same numbers
 * once more), by narrower vectors, or one by one. The build
 * allows contraction in this file alone: a product and the addition to its sum may be one instruction; and
 * compiles it once more, for the exact sums, without. */
#include "products.h"

#include <string.h>

#if defined(__GNUC__)
#define INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")
#else
#define INLINE inline
#define UNROLL
#endif

#define JOIN(a, b) a##b
#define NAMED(a, b) JOIN(a, b)

/* The tiles for vectors of LANES numbers. */
#define LANES 1
#define VECTOR double
#include "tiles.h"

#if defined(__GNUC__)
#define LANES 2
#include "tiles.h"
#if defined(__AVX2__)
#define LANES 4
#include "tiles.h"
#define WIDEST 4
#define NEXT_WIDEST 2
#endif
#if defined(__AVX512F__)
#define LANES 8
#include "tiles.h"
#undef WIDEST
#undef NEXT_WIDEST
#define WIDEST 8
#define NEXT_WIDEST 4
#endif
#ifndef WIDEST
#define WIDEST 2
#define NEXT_WIDEST 1
#endif
#else
#define WIDEST 1
#define NEXT_WIDEST 1
#endif

/* ---- all lanes of some rows: R rows at once */
#define STRIP(R)                                                                                              \
    static INLINE void NAMED(strip, R)(ptrdiff_t lanes, ptrdiff_t terms, double *out, const double *s,        \
                                       const int32_t *x, const int32_t *y, int kind) {                        \
        ptrdiff_t b = 0;                                                                                      \
        for (; b + 2 * WIDEST <= lanes; b += 2 * WIDEST)                                                      \
            NAMED(tile, WIDEST)(R, 2, lanes, terms, out + b, s + b, s + (kind == 1 ? b : 0), x, y, kind);     \
        for (; b + WIDEST <= lanes; b += WIDEST)                                                              \
            NAMED(tile, WIDEST)(R, 1, lanes, terms, out + b, s + b, s + (kind == 1 ? b : 0), x, y, kind);     \
        if (b < lanes && lanes >= WIDEST) {                                                                   \
            b = lanes - WIDEST;                                                                               \
            NAMED(tile, WIDEST)(R, 1, lanes, terms, out + b, s + b, s + (kind == 1 ? b : 0), x, y, kind);     \
            return;                                                                                           \
        }                                                                                                     \
        for (; b + NEXT_WIDEST <= lanes; b += NEXT_WIDEST)                                                    \
            NAMED(tile, NEXT_WIDEST)(R, 1, lanes, terms, out + b, s + b, s + (kind == 1 ? b : 0), x, y, kind);\
        for (; b < lanes; b++)                                                                                \
            tile1(R, 1, lanes, terms, out + b, s + b, s + (kind == 1 ? b : 0), x, y, kind);                   \
    }

STRIP(1)
STRIP(4)

static INLINE void all(ptrdiff_t rows, ptrdiff_t lanes, ptrdiff_t terms, double *out, const double *s, const int32_t *x,
                       const int32_t *y, int kind) {
    ptrdiff_t a = 0;
    for (; a + 4 <= rows; a += 4)
        strip4(lanes, terms, out + a * lanes, s, x + a * terms, y + a * terms, kind);
    for (; a < rows; a++)
        strip1(lanes, terms, out + a * lanes, s, x + a * terms, y + a * terms, kind);
}

static void dot(ptrdiff_t rows, ptrdiff_t lanes, ptrdiff_t terms, double *out, const double *s, const int32_t *x,
                const int32_t *y, int spread) {
    if (spread)
        all(rows, lanes, terms, out, s, x, y, 1);
    else
        all(rows, lanes, terms, out, s, x, y, 0);
}

static void sum(ptrdiff_t rows, ptrdiff_t lanes, ptrdiff_t terms, double *out, const double *s, const int32_t *x) {
    all(rows, lanes, terms, out, s, x, x, 2);
}

static void gather(ptrdiff_t n, double *out, const double *s, const int32_t *from) {
    for (ptrdiff_t i = 0; i < n; i++)
        out[i] = s[from[i]];
}

const Products NAMED(PRODUCTS_, GRADLOOM_LEVEL) = {dot, sum, gather};
