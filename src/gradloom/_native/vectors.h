/* map_exp(n, out, xs, NULL) and its like: a mathematical function over n numbers, for kernels.c.
 *
 * Contract
 *   LANES, VECTOR_PREFIX         how many numbers the level's vector functions take, and what the system's
 *                                vector library calls them; 1 and "" where there is no such library
 *   map_name(n, out, xs, ys)     for each function of EACH_VECTOR_1 and EACH_VECTOR_2, and powc; `out` may be
 *                                xs or ys. By the vector function that was set, else by the C library
 *   use, used, map               set, ask for and call one by its number
 * A remainder is filled up with its own last number, so that a number's result does not depend on where it
 * stands, and no lane takes the slow way for a number that nobody asked for. */
#ifndef GRADLOOM_VECTORS_H
#define GRADLOOM_VECTORS_H

#if defined(__GNUC__)
#define INLINE inline __attribute__((always_inline))
#else
#define INLINE inline
#endif

#if defined(__AVX512F__)
#include <immintrin.h>
#define LANES 8
#define VECTOR_PREFIX "_ZGVeN8"
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define LANES 4
#define VECTOR_PREFIX "_ZGVdN4"
#elif defined(__GNUC__)
#define LANES 2
#define VECTOR_PREFIX "_ZGVbN2"
#else
#define LANES 1
#define VECTOR_PREFIX ""
#endif

#if LANES > 1
typedef double Lanes __attribute__((vector_size(8 * LANES)));
#else
typedef double Lanes;
#endif

/* a * b + c, in one rounding where that is one instruction: for sums that may be regrouped anyway. */
static INLINE Lanes multiply_add(Lanes a, Lanes b, Lanes c) {
#if LANES == 8
    return _mm512_fmadd_pd(a, b, c);
#elif LANES == 4
    return _mm256_fmadd_pd(a, b, c);
#else
    return a * b + c;
#endif
}

#define NUMBER(f) VECTOR_##f,
enum VectorFunction { EACH_VECTOR_1(NUMBER) EACH_VECTOR_2(NUMBER) VECTOR_COUNT };
#undef NUMBER
static void *functions[VECTOR_COUNT]; /* set once, at import */

static void use(int f, void *function) { functions[f] = function; }
static void *used(int f) { return functions[f]; }

typedef Lanes (*Vector1)(Lanes);
typedef Lanes (*Vector2)(Lanes, Lanes);

static INLINE Lanes load(const double *x) {
    Lanes lanes;
    memcpy(&lanes, x, sizeof lanes);
    return lanes;
}

static INLINE Lanes everywhere(double x) {
    double lanes[LANES];
    for (int i = 0; i < LANES; i++)
        lanes[i] = x;
    return load(lanes);
}

static INLINE void store(double *out, Lanes lanes) { memcpy(out, &lanes, sizeof lanes); }

static INLINE Lanes load_rest(Count n, const double *x) {
    double rest[LANES];
    for (int i = 0; i < LANES; i++)
        rest[i] = x[i < n ? i : n - 1];
    return load(rest);
}

static INLINE void store_rest(Count n, double *out, Lanes lanes) {
    double rest[LANES];
    store(rest, lanes);
    memcpy(out, rest, (size_t)n * sizeof(double));
}

static INLINE void map_vector_1(Vector1 f, Count n, double *out, const double *xs) {
    Count i = 0;
    for (; i + LANES <= n; i += LANES)
        store(out + i, f(load(xs + i)));
    if (i < n)
        store_rest(n - i, out + i, f(load_rest(n - i, xs + i)));
}

static INLINE void map_vector_2(Vector2 f, Count n, double *out, const double *xs, const double *ys) {
    Count i = 0;
    for (; i + LANES <= n; i += LANES)
        store(out + i, f(load(xs + i), load(ys + i)));
    if (i < n)
        store_rest(n - i, out + i, f(load_rest(n - i, xs + i), load_rest(n - i, ys + i)));
}
#define MAP_1(f)                                                                        \
    static INLINE void map_##f(Count m, double *out, const double *xs, const double *ys) { \
        (void)ys;                                                                       \
        if (functions[VECTOR_##f] != NULL)                                              \
            map_vector_1((Vector1)functions[VECTOR_##f], m, out, xs);                   \
        else                                                                            \
            EACH { out[i] = f(xs[i]); }                                                 \
    }
#define MAP_2(f)                                                                        \
    static INLINE void map_##f(Count m, double *out, const double *xs, const double *ys) { \
        if (functions[VECTOR_##f] != NULL)                                              \
            map_vector_2((Vector2)functions[VECTOR_##f], m, out, xs, ys);               \
        else                                                                            \
            EACH { out[i] = f(xs[i], ys[i]); }                                          \
    }
EACH_VECTOR_1(MAP_1)
EACH_VECTOR_2(MAP_2)

/* powc of prelude.h, its exponent looked at once. */
static INLINE void map_powc(Count m, double *out, const double *xs, const double *ys) {
    const double c = ys[0];
    if (c == 2.0)
        EACH { out[i] = xs[i] * xs[i]; }
    else if (c == 3.0)
        EACH { out[i] = xs[i] * xs[i] * xs[i]; }
    else if (c == -1.0)
        EACH { out[i] = 1.0 / xs[i]; }
    else if (c == 0.5)
        EACH { out[i] = sqrt(xs[i]); }
    else {
        double exponents[CHUNK];
        EACH { exponents[i] = c; }
        map_pow(m, out, xs, exponents);
    }
}

static void map(int f, Count n, double *out, const double *xs, const double *ys) {
    switch (f) {
#define CASE(f)                   \
    case VECTOR_##f:              \
        map_##f(n, out, xs, ys);  \
        break;
        EACH_VECTOR_1(CASE)
        EACH_VECTOR_2(CASE)
#undef CASE
    default:
        break;
    }
}

#endif
