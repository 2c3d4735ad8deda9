/* The helpers that the C column of ops.py may call beside <math.h>: Python's own arithmetic where C
 * differs from it. Each is IEEE 754 (inf and nan, no errors); tests compare them with Python. */
#ifndef GRADLOOM_PRELUDE_H
#define GRADLOOM_PRELUDE_H

#include <math.h>
#include <stdint.h>

/* What the engine asks of a row besides its value and partials. */
typedef struct {
    const char *symbol;
    int arity;      /* a parameter included */
    int parameter;  /* the last argument is a constant, no operand */
    int selects;    /* a derivative of 0 passes nothing, however large the incoming gradient */
    unsigned reads; /* bit i: the derivatives read operand i's number */
} RowFacts;

/* x % y: the sign of the divisor. */
static inline double pymod(double x, double y) {
    double m = fmod(x, y);
    if (m == 0.0)
        return copysign(0.0, y);
    return (y < 0.0) != (m < 0.0) ? m + y : m;
}

/* x // y: the floor of the exact quotient. */
static inline double pyfloordiv(double x, double y) {
    if (y == 0.0)
        return x / y;
    double m = fmod(x, y), quotient = (x - m) / y;
    if (m != 0.0 && (y < 0.0) != (m < 0.0))
        quotient -= 1.0;
    if (quotient == 0.0)
        return copysign(0.0, x / y);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

/* x ** c for a constant exponent: one formula per exponent, the same in every engine. */
static inline double powc(double x, double c) {
    if (c == 2.0)
        return x * x;
    if (c == 3.0)
        return x * x * x;
    if (c == -1.0)
        return 1.0 / x;
    return c == 0.5 ? sqrt(x) : pow(x, c);
}

#endif
