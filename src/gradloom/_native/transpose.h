/* Rows of memory to vectors and back: neighbouring columns of row-major arrays, for kernels.c.
 *
 * Contract
 *   transpose(n, width, base, places, x, stride)     `width` numbers, LEVEL_WIDTH at most, side by side at
 *       x, x + stride, ... (bytes; perhaps unaligned), n times; number k of all goes to base + places[k]
 *   untranspose(n, width, base, places, x, stride)   the way back
 * One pass touches each cache line once, where column after column would touch it again for each. */
#ifndef GRADLOOM_TRANSPOSE_H
#define GRADLOOM_TRANSPOSE_H

/* A square of numbers, mirrored: r[i][k] and r[k][i] change places. */
static INLINE void mirror(Lanes *r) {
#if LANES == 8
    Lanes t[8];
    for (int i = 0; i < 8; i += 2) { /* pairs of rows: columns 0 2 4 6, and 1 3 5 7 */
        t[i] = _mm512_unpacklo_pd(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
    }
    for (int odd = 0; odd < 2; odd++) {
        const Lanes a = _mm512_shuffle_f64x2(t[odd], t[2 + odd], 0x88); /* columns 0 and 4 of rows 0 to 3 */
        const Lanes b = _mm512_shuffle_f64x2(t[odd], t[2 + odd], 0xdd); /* columns 2 and 6 */
        const Lanes c = _mm512_shuffle_f64x2(t[4 + odd], t[6 + odd], 0x88); /* the same of rows 4 to 7 */
        const Lanes d = _mm512_shuffle_f64x2(t[4 + odd], t[6 + odd], 0xdd);
        r[odd] = _mm512_shuffle_f64x2(a, c, 0x88);
        r[2 + odd] = _mm512_shuffle_f64x2(b, d, 0x88);
        r[4 + odd] = _mm512_shuffle_f64x2(a, c, 0xdd);
        r[6 + odd] = _mm512_shuffle_f64x2(b, d, 0xdd);
    }
#elif LANES == 4
    const Lanes a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
    const Lanes c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
    r[0] = _mm256_permute2f128_pd(a, c, 0x20);
    r[1] = _mm256_permute2f128_pd(b, d, 0x20);
    r[2] = _mm256_permute2f128_pd(a, c, 0x31);
    r[3] = _mm256_permute2f128_pd(b, d, 0x31);
#elif LANES == 2
    const Lanes a = r[0], b = r[1];
    r[0] = (Lanes){a[0], b[0]};
    r[1] = (Lanes){a[1], b[1]};
#else
    (void)r;
#endif
}

/* The first `width` lanes from memory, zeros behind them; and back to memory, nothing else touched. */
static INLINE Lanes load_first(int width, const char *x) {
    if (width == LANES)
        return load((const double *)(const void *)x);
#if LANES == 8
    return _mm512_maskz_loadu_pd((__mmask8)((1u << width) - 1u), x);
#else
    double lanes[LANES] = {0.0};
    memcpy(lanes, x, (size_t)width * sizeof(double));
    return load(lanes);
#endif
}

static INLINE void store_first(int width, char *x, Lanes lanes) {
    if (width == LANES)
        memcpy(x, &lanes, sizeof lanes);
    else
#if LANES == 8
        _mm512_mask_storeu_pd(x, (__mmask8)((1u << width) - 1u), lanes);
#else
        memcpy(x, &lanes, (size_t)width * sizeof(double));
#endif
}

static void transpose(Count n, int width, double *base, const int32_t *places, const char *x, Count stride) {
    for (int at = 0; at < width; at += LANES, places += LANES, x += LANES * sizeof(double)) {
        const int some = width - at < LANES ? width - at : LANES;
        Count row = 0;
        for (; row + LANES <= n; row += LANES) {
            Lanes r[LANES];
            for (int i = 0; i < LANES; i++) {
                FETCH(x +
                      (row + i + LEVEL_BLOCK) * stride); /* the next block's, while this one is computed */
                r[i] = load_first(some, x + (row + i) * stride);
            }
            mirror(r);
            for (int k = 0; k < some; k++)
                store(base + places[k] + row, r[k]);
        }
        for (; row < n; row++)
            for (int k = 0; k < some; k++)
                memcpy(base + places[k] + row, x + row * stride + k * (Count)sizeof(double), sizeof(double));
    }
}

static void untranspose(Count n, int width, const double *base, const int32_t *places, char *x,
                        Count stride) {
    for (int at = 0; at < width; at += LANES, places += LANES, x += LANES * sizeof(double)) {
        const int some = width - at < LANES ? width - at : LANES;
        Count row = 0;
        for (; row + LANES <= n; row += LANES) {
            Lanes r[LANES];
            for (int k = 0; k < LANES; k++)
                r[k] = load(base + places[k < some ? k : 0] + row);
            mirror(r);
            for (int i = 0; i < LANES; i++)
                store_first(some, x + (row + i) * stride, r[i]);
        }
        for (; row < n; row++)
            for (int k = 0; k < some; k++)
                memcpy(x + row * stride + k * (Count)sizeof(double), base + places[k] + row, sizeof(double));
    }
}

#endif
