/* The kernels of the table at one SIMD level; levels.h is the contract.
 *
 * The build compiles this file once for each level, with GRADLOOM_LEVEL naming it and the compiler's flags
 * saying what the machine can do. The loops of kernels.h are plain C that the compiler vectorises; the
 * mathematical functions come from the system's vector library where levels.c found one, else from the C
 * library, number by number. */
#include "levels.h"

#include <string.h>

/* A loop whose numbers do not depend on each other: `out` may be an operand itself, but is never shifted. */
#if defined(__clang__)
#define EACH _Pragma("clang loop vectorize(assume_safety)") for (Count i = 0; i < m; i++)
#elif defined(__GNUC__)
#define EACH _Pragma("GCC ivdep") for (Count i = 0; i < m; i++)
#elif defined(_MSC_VER)
#define EACH __pragma(loop(ivdep)) for (Count i = 0; i < m; i++)
#else
#define EACH for (Count i = 0; i < m; i++)
#endif

enum { CHUNK = LEVEL_BLOCK };

#include "vectors.h"

/* ---- kernels: n of any size, and the same for a whole block, where the compiler knows n */
#define ARGUMENTS Count n, double *out, const double *xs, const double *ys, const double *zs
#define KERNEL(name) static INLINE void loop_##name(ARGUMENTS)
#define BLOCK(name)                                                             \
    static void name(ARGUMENTS) { loop_##name(n, out, xs, ys, zs); }            \
    static void block_##name(ARGUMENTS) {                                       \
        (void)n;                                                                \
        loop_##name(LEVEL_BLOCK, out, xs, ys, zs);                              \
    }
#define WHOLE                                                                   \
    const Count m = n, at = 0;                                                  \
    double *to = out;                                                           \
    (void)ys; (void)zs; (void)at;
#define CHUNKS                                                                  \
    (void)ys; (void)zs;                                                         \
    double *to = out;                                                           \
    for (Count at = 0, m; at < n; at += m, to += m)                             \
        if (m = n - at < CHUNK ? n - at : CHUNK, m > 0)

#include "kernels.h"

#include "sums.h"
#include "transpose.h"

/* ---- the level */
#define NAME_OF(level) #level
#define TEXT(level) NAME_OF(level)
#define JOIN(a, b) a##b
#define LEVEL_NAMED(level) JOIN(LEVEL_, level)

#define SET_KERNEL(ROW, row, pattern) [ROW_##ROW][pattern] = row##_##pattern,
#define SET_BLOCK(ROW, row, pattern) [ROW_##ROW][pattern] = block_##row##_##pattern,
#define SET_EXACT(ROW, row, pattern) [ROW_##ROW][pattern] = exact_##row##_##pattern,
#define SET_EXACT_BLOCK(ROW, row, pattern) [ROW_##ROW][pattern] = block_exact_##row##_##pattern,

const Level LEVEL_NAMED(GRADLOOM_LEVEL) = {
    .name = TEXT(GRADLOOM_LEVEL),
    .prefix = VECTOR_PREFIX,
    .lanes = LANES,
    .kernel = {EACH_KERNEL(SET_KERNEL, SET_KERNEL)},
    .block = {EACH_KERNEL(SET_BLOCK, SET_BLOCK)},
    .exact = {EACH_KERNEL(SET_EXACT, SET_KERNEL)},
    .exact_block = {EACH_KERNEL(SET_EXACT_BLOCK, SET_BLOCK)},
    .sum = sum,
    .dot = dot,
    .combine = combine,
    .matrix = matrix,
    .outer = outer,
    .transpose = transpose,
    .untranspose = untranspose,
    .use = use,
    .used = used,
    .map = map,
};
