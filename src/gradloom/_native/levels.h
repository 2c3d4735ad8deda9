/* The kernels of the table, at several SIMD levels: what the native interpreters share.
 *
 * Contract
 *   kernels.c is compiled once for each level that the compiler knows (baseline; on x86-64 with gcc or
 *   clang also AVX2 and AVX-512) and gives one `Level`. `levels_load()`, called once at import, finds
 *   what this machine can run, looks the vector functions up, and gives the level to use: the best, or
 *   the one that GRADLOOM_LEVEL names; NULL where there is none of that name. `levels_count()` and
 *   `level_at(i)` give the usable levels, slowest first. No Python here: everything may run without the GIL.
 *
 *   A kernel computes one row of the table over n numbers:
 *       level->kernel[opcode][pattern](n, out, x, y, z)
 *   Bit i of `pattern` says that operand i is broadcast: one number, read once before `out` is written.
 *   The other operands are contiguous. `out` may be one of the operands or not overlap them. Operands that
 *   the row does not have are ignored. `block` is the same for n == LEVEL_BLOCK only (n is ignored) and
 *   faster. `exact` and `exact_block` call the C library for each number, never the vector library, so
 *   that they agree with eager code to the bit. The sums (sums.h) regroup and, where the level can, fuse a
 *   product with its addition; nothing else does. Everything is IEEE 754. */
#ifndef GRADLOOM_LEVELS_H
#define GRADLOOM_LEVELS_H

#include <stddef.h>
#include <stdint.h>

#include "table.h"

/* Asks for memory that will be read soon; never a fault, whatever the address. */
#if defined(__GNUC__)
#define FETCH(x) __builtin_prefetch((x), 0, 2)
#else
#define FETCH(x) ((void)(x))
#endif

typedef ptrdiff_t Count;
typedef void (*Kernel)(Count n, double *out, const double *x, const double *y, const double *z);

enum { LEVEL_BLOCK = 128, LEVEL_PATTERNS = 8, LEVEL_WIDTH = 8 /* columns that transpose takes at most */ };

typedef struct {
    const char *name;
    const char *prefix; /* of its vector functions, with a parameter's letter: "_ZGVdN4v" */
    int lanes;
    Kernel kernel[ROW_COUNT][LEVEL_PATTERNS], block[ROW_COUNT][LEVEL_PATTERNS];
    Kernel exact[ROW_COUNT][LEVEL_PATTERNS], exact_block[ROW_COUNT][LEVEL_PATTERNS];
    double (*sum)(Count n, const double *x);
    double (*dot)(Count n, const double *x, const double *y);
    void (*combine)(Count n, double *base, const int32_t *items, int adds, int scaled, int products);
    void (*matrix)(Count n, double *base, const int32_t *items, int outputs, int terms);
    void (*transpose)(Count n, int width, double *base, const int32_t *places, const char *x, Count stride);
    void (*untranspose)(Count n, int width, const double *base, const int32_t *places, char *x, Count stride);
    void (*outer)(Count n, const double *base, const int32_t *items, int left, int right, double *sums);
    /* The vector functions by number (enum VectorFunction of kernels.h): how many arguments, and the setter.
     * `map` computes function f over n numbers with what is set, or with the C library if nothing is. */
    void (*use)(int f, void *function);
    void *(*used)(int f);
    void (*map)(int f, Count n, double *out, const double *x, const double *y);
} Level;

const Level *levels_load(void);
int levels_count(void);
const Level *level_at(int i);

/* The vector functions that the table calls: their count, C names and numbers of arguments. */
int vector_count(void);
const char *vector_name(int f);
int vector_arity(int f);

#endif
