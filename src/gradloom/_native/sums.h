/* Sums and sums of products over a block of rows, for kernels.c.
 *
 * Contract
 *   sum(n, x), dot(n, x, y)       over n numbers: 16 partial sums, which are then added in pairs
 *   The others take places: offsets from `base` of vectors of LEVEL_BLOCK numbers (rows) or of single
 *   numbers, alike for all rows. They may compute more rows than n, up to the end of the block.
 *   combine(n, base, items, ...)  one vector, a sum of many terms. items: the result; a number to start
 *                                 from; `adds` vectors; `scaled` pairs (number, vector); `products` pairs
 *                                 (vector, vector). The result may be one of the vectors
 *   matrix(n, base, items, ...)   `outputs` vectors, each a number plus `terms` numbers times the same
 *                                 vectors. items: the results; the numbers to start from; the vectors; for
 *                                 each result in turn its `terms` numbers
 *   outer(n, base, items, ...)    dots of each of `left` vectors with each of `right` vectors, added to
 *                                 sums[k]. items: left; right; for each of left in turn the k of all right */
#ifndef GRADLOOM_SUMS_H
#define GRADLOOM_SUMS_H

enum {
    PARTIAL = 16,           /* partial sums: as many at every level */
    PARTS = PARTIAL / LANES,
    DEEP = LANES == 8 ? 4 : 2, /* vectors of rows in a tile: accumulators must stay in registers */
    TILE = 4,                  /* results in a tile */
};

static INLINE double folded(const Lanes *parts) {
    double s[PARTIAL];
    for (int p = 0; p < PARTS; p++)
        store(s + p * LANES, parts[p]);
    for (int half = PARTIAL / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            s[i] += s[i + half];
    return s[0];
}

/* The last numbers, fewer than PARTIAL, as if followed by zeros. */
static INLINE void filled(double *s, Count n, const double *x) {
    for (int i = 0; i < PARTIAL; i++)
        s[i] = i < n ? x[i] : 0.0;
}

static double sum(Count n, const double *x) {
    Lanes parts[PARTS];
    for (int p = 0; p < PARTS; p++)
        parts[p] = everywhere(0.0);
    Count at = 0;
    for (; at + PARTIAL <= n; at += PARTIAL)
        for (int p = 0; p < PARTS; p++)
            parts[p] += load(x + at + p * LANES);
    if (at < n) {
        double rest[PARTIAL];
        filled(rest, n - at, x + at);
        for (int p = 0; p < PARTS; p++)
            parts[p] += load(rest + p * LANES);
    }
    return folded(parts);
}

static double dot(Count n, const double *x, const double *y) {
    Lanes parts[PARTS];
    for (int p = 0; p < PARTS; p++)
        parts[p] = everywhere(0.0);
    Count at = 0;
    for (; at + PARTIAL <= n; at += PARTIAL)
        for (int p = 0; p < PARTS; p++)
            parts[p] = multiply_add(load(x + at + p * LANES), load(y + at + p * LANES), parts[p]);
    if (at < n) {
        double left[PARTIAL], right[PARTIAL];
        filled(left, n - at, x + at);
        filled(right, n - at, y + at);
        for (int p = 0; p < PARTS; p++)
            parts[p] = multiply_add(load(left + p * LANES), load(right + p * LANES), parts[p]);
    }
    return folded(parts);
}

static void combine(Count n, double *base, const int32_t *items, int adds, int scaled, int products) {
    for (Count row = 0; row < n; row += 4 * LANES) {
        double *at = base + row;
        const int32_t *item = items + 2;
        Lanes s[4];
        for (int p = 0; p < 4; p++)
            s[p] = everywhere(base[items[1]]);
        for (int k = 0; k < adds; k++, item++)
            for (int p = 0; p < 4; p++)
                s[p] += load(at + item[0] + p * LANES);
        for (int k = 0; k < scaled; k++, item += 2) {
            const Lanes weight = everywhere(base[item[0]]);
            for (int p = 0; p < 4; p++)
                s[p] = multiply_add(weight, load(at + item[1] + p * LANES), s[p]);
        }
        for (int k = 0; k < products; k++, item += 2)
            for (int p = 0; p < 4; p++)
                s[p] = multiply_add(load(at + item[0] + p * LANES), load(at + item[1] + p * LANES), s[p]);
        for (int p = 0; p < 4; p++)
            store(at + items[0] + p * LANES, s[p]);
    }
}

/* One tile of `matrix`: `width` results (known to the compiler) over DEEP vectors of rows. */
static INLINE void tile(double *at, const double *base, const int32_t *results, const int32_t *starts,
                        const int32_t *vectors, const int32_t *weights, int terms, int width) {
    Lanes s[TILE][DEEP];
    for (int o = 0; o < width; o++)
        for (int p = 0; p < DEEP; p++)
            s[o][p] = everywhere(base[starts[o]]);
    for (int k = 0; k < terms; k++) {
        const double *x = at + vectors[k];
        for (int o = 0; o < width; o++) {
            const Lanes weight = everywhere(base[weights[o * terms + k]]);
            for (int p = 0; p < DEEP; p++)
                s[o][p] = multiply_add(weight, load(x + p * LANES), s[o][p]);
        }
    }
    for (int o = 0; o < width; o++)
        for (int p = 0; p < DEEP; p++)
            store(at + results[o] + p * LANES, s[o][p]);
}

static void matrix(Count n, double *base, const int32_t *items, int outputs, int terms) {
    const int32_t *starts = items + outputs, *vectors = starts + outputs, *weights = vectors + terms;
    for (int o = 0; o < outputs; o += TILE)
        for (Count row = 0; row < n; row += DEEP * LANES) {
            const int32_t *w = weights + (Count)o * terms;
            double *at = base + row;
            switch (outputs - o) {
            case 1: tile(at, base, items + o, starts + o, vectors, w, terms, 1); break;
            case 2: tile(at, base, items + o, starts + o, vectors, w, terms, 2); break;
            case 3: tile(at, base, items + o, starts + o, vectors, w, terms, 3); break;
            default: tile(at, base, items + o, starts + o, vectors, w, terms, TILE); break;
            }
        }
}

/* The sums of TILE vectors. */
static INLINE void folded_tile(const Lanes *s, double *totals) {
#if LANES == 8
    /* each step adds neighbours and leaves half as many vectors; at the end a number stands for each */
    const Lanes a = _mm512_unpacklo_pd(s[0], s[1]) + _mm512_unpackhi_pd(s[0], s[1]);
    const Lanes b = _mm512_unpacklo_pd(s[2], s[3]) + _mm512_unpackhi_pd(s[2], s[3]);
    const Lanes c = _mm512_shuffle_f64x2(a, b, 0x44) + _mm512_shuffle_f64x2(a, b, 0xee);
    const Lanes d = c + _mm512_shuffle_f64x2(c, c, 0xb1);
    _mm_storeu_pd(totals, _mm512_castpd512_pd128(d));
    _mm_storeu_pd(totals + 2, _mm512_extractf64x2_pd(d, 2));
#elif LANES == 4
    const Lanes a = _mm256_hadd_pd(s[0], s[1]), b = _mm256_hadd_pd(s[2], s[3]);
    store(totals, _mm256_permute2f128_pd(a, b, 0x20) + _mm256_permute2f128_pd(a, b, 0x31));
#else
    for (int k = 0; k < TILE; k++) {
        double lanes[LANES];
        store(lanes, s[k]);
        totals[k] = lanes[0];
        for (int p = 1; p < LANES; p++)
            totals[k] += lanes[p];
    }
#endif
}

static void outer(Count n, const double *base, const int32_t *items, int left, int right, double *sums) {
    const int32_t *rights = items + left, *numbers = rights + right;
    const int whole = n % LANES == 0;
    for (int i = 0; i < left; i += whole && left - i >= TILE ? TILE : 1)
        for (int j = 0; j < right; j += whole && left - i >= TILE && right - j >= TILE ? TILE : 1) {
            const int32_t *number = numbers + (Count)i * right + j;
            if (!whole || left - i < TILE || right - j < TILE) {
                for (int a = 0; a < (whole && left - i >= TILE ? TILE : 1); a++)
                    sums[number[(Count)a * right]] += dot(n, base + items[i + a], base + rights[j]);
                continue;
            }
            Lanes s[TILE][TILE];
            for (int a = 0; a < TILE; a++)
                for (int b = 0; b < TILE; b++)
                    s[a][b] = everywhere(0.0);
            for (Count row = 0; row < n; row += LANES)
                for (int a = 0; a < TILE; a++) {
                    const Lanes x = load(base + items[i + a] + row);
                    for (int b = 0; b < TILE; b++)
                        s[a][b] = multiply_add(x, load(base + rights[j + b] + row), s[a][b]);
                }
            for (int a = 0; a < TILE; a++) {
                double totals[TILE];
                folded_tile(s[a], totals);
                for (int b = 0; b < TILE; b++)
                    sums[number[(Count)a * right + b]] += totals[b];
            }
        }
}

#endif
