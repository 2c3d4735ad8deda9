// What the table's expressions call: JavaScript's Math under C's names, and what it lacks or does otherwise.
const {
  exp, expm1, log, log1p, log2, log10, sqrt, cbrt, hypot, floor, ceil, sin, cos, tan, asin, acos, atan, atan2,
  sinh, cosh, tanh, asinh, acosh, atanh, abs: fabs,
} = Math;

const negative = (x) => x < 0 || Object.is(x, -0);
const copysign = (x, y) => (negative(x) === negative(y) ? x : -x);
const exp2 = (x) => 2 ** x;

// C: 1 to any power is 1, nan and inf too; so is (-1) ** inf.
const pow = (x, y) => (x === 1 || (x === -1 && fabs(y) === Infinity) ? 1 : x ** y);

// Half goes to even.
function rint(x) {
  const below = floor(x), rest = x - below;
  return rest === 0.5 ? 2 * floor((below + 1) / 2) : rest < 0.5 ? below : below + 1;
}

// x ** c for a constant exponent: one formula per exponent, as in the engine.
function powc(x, c) {
  if (c === 2) return x * x;
  if (c === 3) return x * x * x;
  if (c === -1) return 1 / x;
  return c === 0.5 ? sqrt(x) : pow(x, c);
}

// x % y: the sign of the divisor.
function pymod(x, y) {
  const m = x % y;
  if (m === 0) return copysign(0, y);
  return (y < 0) !== (m < 0) ? m + y : m;
}

// x // y: the floor of the exact quotient.
function pyfloordiv(x, y) {
  if (y === 0) return x / y;
  const m = x % y;
  let quotient = (x - m) / y;
  if (m !== 0 && (y < 0) !== (m < 0)) quotient -= 1;
  if (quotient === 0) return copysign(0, x / y);
  const whole = floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

// A series of positive terms where it is short, a continued fraction where that is (Abramowitz and Stegun,
// 7.1.6 and 7.1.14); both to a few units in the last place.
function erf(x) {
  if (fabs(x) > 1.5) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x, sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / sqrt(Math.PI)) * exp(-x * x) * sum;
}

function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  if (x <= 1.5) return 1 - erf(x);
  if (x > 30) return 0;
  let fraction = x;
  for (let n = 120; n > 0; n--) fraction = x + n / 2 / fraction;
  return exp(-x * x) / (sqrt(Math.PI) * fraction);
}
