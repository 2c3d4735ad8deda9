/* Included by products.c once for each LANES: a tile of `rows` by `vectors` vectors of LANES numbers.
 *
 * kind 0: a second factor that is one number for all lanes; 1: one for each lane; 2: no second factor.
 * `rows`, `vectors` and `kind` are constants where it is called, so that the sums live in registers. */
#ifndef VECTOR
#define VECTOR NAMED(Vector, LANES)
typedef double VECTOR __attribute__((vector_size(LANES * sizeof(double)), aligned(8), may_alias));
#endif
#define LOAD(p) (*(const VECTOR *)(p))

static INLINE void NAMED(tile, LANES)(const int rows, const int vectors, ptrdiff_t lanes, ptrdiff_t terms, double *out,
                                      const double *s, const double *t, const int32_t *x, const int32_t *y,
                                      const int kind) {
    VECTOR sums[4][2];
    UNROLL
    for (int a = 0; a < rows; a++)
        UNROLL
        for (int v = 0; v < vectors; v++) {
            sums[a][v] = LOAD(s + x[a * terms] + v * LANES);
            if (kind == 1)
                sums[a][v] *= LOAD(t + y[a * terms] + v * LANES);
            else if (kind == 0)
                sums[a][v] *= t[y[a * terms]];
        }
    for (ptrdiff_t j = 1; j < terms; j++) {
        UNROLL
        for (int a = 0; a < rows; a++) {
            const double *p = s + x[a * terms + j], *q = kind == 2 ? t : t + y[a * terms + j];
            UNROLL
            for (int v = 0; v < vectors; v++) {
                if (kind == 2)
                    sums[a][v] += LOAD(p + v * LANES);
                else if (kind == 1)
                    sums[a][v] += LOAD(p + v * LANES) * LOAD(q + v * LANES);
                else
                    sums[a][v] += LOAD(p + v * LANES) * *q;
            }
        }
    }
    UNROLL
    for (int a = 0; a < rows; a++)
        UNROLL
        for (int v = 0; v < vectors; v++)
            *(VECTOR *)(out + a * lanes + v * LANES) = sums[a][v];
}
#undef LOAD
#undef LANES
#undef VECTOR
