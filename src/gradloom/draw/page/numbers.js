// Numbers as Python writes them.

// format(x, ".4f"): correctly rounded, a tie to even, which toFixed takes upwards; no minus before a zero.
function decimals(x, digits) {
  let text = x.toFixed(digits);
  const places = Math.abs(x).toFixed(100).split(".")[1];
  if (/^50*$/.test(places.slice(digits)) && /[13579]$/.test(text)) text = text.slice(0, -1) + (text.at(-1) - 1);
  return /[1-9]/.test(text) ? text : text.replace("-", "");
}

// Python's "1.5e+09", with at least two digits in the exponent.
const exponent = (text) => text.replace(/e([+-])(\d)$/, "e$10$2");

// What a box shows.
function number(x, digits) {
  if (!Number.isFinite(x)) return exact(x);
  return Math.abs(x) >= 1e9 ? exponent(x.toExponential(digits)) : decimals(x, digits);
}

// repr(x): all digits.
function exact(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (Object.is(x, -0)) return "-0.0";
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return exponent(x.toExponential());
  return Number.isInteger(x) ? `${BigInt(x)}.0` : String(x);
}

// In a sentence: short, but never a small number shown as 0.
function spoken(x) {
  if (!Number.isFinite(x) || x === 0) return x === 0 ? "0" : exact(x);
  const size = Math.abs(x);
  if (size < 1e-3 || size >= 1e9) return exponent(x.toExponential(3));
  return number(x, 4).replace(/\.?0+$/, "");
}
