/* Which kernels this machine runs, and where their mathematics comes from; levels.h is the contract.
 *
 * A vector function of the system is used only if it exists and passes an examination at import: on
 * the edges (nan, infinities, zeros, subnormals, the ends of domains) and on ordinary numbers it must
 * agree with the C library to 4 units in the last place. One that does not is left out, and the C library
 * is called for each number. */
#include "levels.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__) && defined(__GLIBC__) && defined(__x86_64__)
#include <dlfcn.h>
#define HAVE_LIBRARY 1
#endif

extern const Level LEVEL_baseline;
#ifdef GRADLOOM_AVX2
extern const Level LEVEL_avx2;
#endif
#ifdef GRADLOOM_AVX512
extern const Level LEVEL_avx512;
#endif

static const Level *levels[3];
static int count;

static const struct {
    const char *name;
    int arity;
} VECTORS[] = {
#define ONE(f) {#f, 1},
#define TWO(f) {#f, 2},
    EACH_VECTOR_1(ONE) EACH_VECTOR_2(TWO)
#undef ONE
#undef TWO
};

enum { VECTORS_COUNT = sizeof VECTORS / sizeof *VECTORS };

int vector_count(void) { return VECTORS_COUNT; }
const char *vector_name(int f) { return VECTORS[f].name; }
int vector_arity(int f) { return VECTORS[f].arity; }
int levels_count(void) { return count; }
const Level *level_at(int i) { return levels[i]; }

#ifdef HAVE_LIBRARY
/* ---- the examination */
static const double EDGES[] = {
    0.0,    -0.0,   5e-324, -5e-324, 1e-310, -1e-310, DBL_MIN, -DBL_MIN, DBL_MAX, -DBL_MAX, INFINITY, -INFINITY,
    NAN,    1.0,    -1.0,   0.5,     -0.5,   2.0,     -2.0,    3.0,      1e-8,    -1e-8,    1e-20,    0.999999999,
    -0.999999999,   1.000000001,     20.0,   -20.0,   708.5,   -708.5,   709.79,  709.77,   710.4,    -710.4,
    745.2,  -745.2, -744.0, 1023.5,  1024.0, -1074.0, -1075.5, 6.0,      -6.0,    27.0,     26.5,     1e5,
    -1e5,   1e10,   1e22,   -1e300,  0.1,    3.141592653589793, 1.5707963267948966, 12345.678,
};
enum { EDGE_COUNT = sizeof EDGES / sizeof *EDGES };

/* Whether two numbers are the same to 4 units in the last place, nan and the sign of zero included. */
static int close_enough(double a, double b) {
    if (a != a || b != b)
        return a != a && b != b;
    int64_t i, j;
    memcpy(&i, &a, sizeof i);
    memcpy(&j, &b, sizeof j);
    if ((i < 0) != (j < 0))
        return 0;
    return i - j <= 4 && j - i <= 4;
}

static int passes(const Level *level, int f, void *function) {
    double xs[EDGE_COUNT], ys[EDGE_COUNT], expected[EDGE_COUNT], got[EDGE_COUNT];
    for (int shift = 0; shift < (VECTORS[f].arity == 1 ? 1 : EDGE_COUNT); shift++) {
        for (int i = 0; i < EDGE_COUNT; i++) {
            xs[i] = EDGES[i];
            ys[i] = EDGES[(i + shift) % EDGE_COUNT];
        }
        level->use(f, NULL);
        level->map(f, EDGE_COUNT, expected, xs, ys);
        level->use(f, function);
        level->map(f, EDGE_COUNT, got, xs, ys);
        level->use(f, NULL);
        for (int i = 0; i < EDGE_COUNT; i++)
            if (!close_enough(expected[i], got[i]))
                return 0;
    }
    return 1;
}

static void find_functions(const Level *level, void *library) {
    for (int f = 0; f < VECTORS_COUNT; f++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s_%s", level->prefix, VECTORS[f].arity == 1 ? "v" : "vv", VECTORS[f].name);
        void *function = dlsym(library, name);
        if (function != NULL && passes(level, f, function))
            level->use(f, function);
    }
}
#endif

/* The level that the environment asks for, else the best. */
static const Level *chosen(void) {
    const char *name = getenv("GRADLOOM_LEVEL");
    if (name == NULL || *name == '\0')
        return levels[count - 1];
    for (int i = 0; i < count; i++)
        if (strcmp(name, levels[i]->name) == 0)
            return levels[i];
    return NULL;
}

const Level *levels_load(void) {
    if (count > 0)
        return chosen();
    levels[count++] = &LEVEL_baseline;
#if defined(GRADLOOM_AVX2) || defined(GRADLOOM_AVX512)
    __builtin_cpu_init();
#endif
#ifdef GRADLOOM_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        levels[count++] = &LEVEL_avx2;
#endif
#ifdef GRADLOOM_AVX512
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        levels[count++] = &LEVEL_avx512;
#endif
#ifdef HAVE_LIBRARY
    void *library = dlopen("libmvec.so.1", RTLD_NOW | RTLD_LOCAL);
    for (int i = 0; library != NULL && i < count; i++)
        find_functions(levels[i], library);
#endif
    return chosen();
}
