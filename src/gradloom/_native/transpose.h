/* Rows of memory into vectors: neighbouring columns of a row-major array, for kernels.c.
 *
 * Contract
 *   transpose(n, width, x, stride, base, places)   `width` numbers, at most LEVEL_WIDTH, stand side by side at
 *       x, x + stride, ... (bytes; perhaps unaligned), n times; number k of all goes to base + places[k]. One
 *       pass reads each cache line once, where column after column would read it again for each. */
#ifndef GRADLOOM_TRANSPOSE_H
#define GRADLOOM_TRANSPOSE_H

/* LANES rows of `width` numbers, LANES at most. */
static INLINE void transpose_tile(int width, const char *x, Count stride, double *const *out, Count row) {
#if LANES == 8
    const __mmask8 wanted = (__mmask8)((1u << width) - 1u);
    Lanes r[8], t[8];
    for (int i = 0; i < 8; i++)
        r[i] = _mm512_maskz_loadu_pd(wanted, x + i * stride);
    for (int i = 0; i < 8; i += 2) { /* pairs of rows: columns 0 2 4 6, and 1 3 5 7 */
        t[i] = _mm512_unpacklo_pd(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
    }
    for (int odd = 0; odd < 2; odd++) {
        const Lanes a = _mm512_shuffle_f64x2(t[odd], t[2 + odd], 0x88);     /* columns 0 and 4 of rows 0 to 3 */
        const Lanes b = _mm512_shuffle_f64x2(t[odd], t[2 + odd], 0xdd);     /* columns 2 and 6 */
        const Lanes c = _mm512_shuffle_f64x2(t[4 + odd], t[6 + odd], 0x88); /* the same of rows 4 to 7 */
        const Lanes d = _mm512_shuffle_f64x2(t[4 + odd], t[6 + odd], 0xdd);
        r[odd] = _mm512_shuffle_f64x2(a, c, 0x88);
        r[2 + odd] = _mm512_shuffle_f64x2(b, d, 0x88);
        r[4 + odd] = _mm512_shuffle_f64x2(a, c, 0xdd);
        r[6 + odd] = _mm512_shuffle_f64x2(b, d, 0xdd);
    }
    for (int k = 0; k < width; k++)
        store(out[k] + row, r[k]);
#elif LANES == 4
    const __m256i wanted = _mm256_cmpgt_epi64(_mm256_set1_epi64x(width), _mm256_setr_epi64x(0, 1, 2, 3));
    Lanes r[4], t[4];
    for (int i = 0; i < 4; i++)
        r[i] = _mm256_maskload_pd((const double *)(const void *)(x + i * stride), wanted);
    for (int i = 0; i < 4; i += 2) {
        t[i] = _mm256_unpacklo_pd(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_pd(r[i], r[i + 1]);
    }
    r[0] = _mm256_permute2f128_pd(t[0], t[2], 0x20);
    r[1] = _mm256_permute2f128_pd(t[1], t[3], 0x20);
    r[2] = _mm256_permute2f128_pd(t[0], t[2], 0x31);
    r[3] = _mm256_permute2f128_pd(t[1], t[3], 0x31);
    for (int k = 0; k < width; k++)
        store(out[k] + row, r[k]);
#else
    for (int i = 0; i < LANES; i++)
        for (int k = 0; k < width; k++)
            memcpy(out[k] + row + i, x + i * stride + k * (Count)sizeof(double), sizeof(double));
#endif
}

static void transpose(Count n, int width, const char *x, Count stride, double *base, const int32_t *places) {
    double *out[LEVEL_WIDTH];
    for (int k = 0; k < width; k++)
        out[k] = base + places[k];
    for (int at = 0; at < width; at += LANES) {
        const int some = width - at < LANES ? width - at : LANES;
        const char *from = x + at * (Count)sizeof(double);
        Count row = 0;
        for (; row + LANES <= n; row += LANES) {
            for (int i = 0; i < LANES; i++) /* the next block's, while this one is computed */
                FETCH(from + (row + i + LEVEL_BLOCK) * stride);
            transpose_tile(some, from + row * stride, stride, out + at, row);
        }
        for (; row < n; row++)
            for (int k = 0; k < some; k++)
                memcpy(out[at + k] + row, from + row * stride + k * (Count)sizeof(double), sizeof(double));
    }
}

#endif
