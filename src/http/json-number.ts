/** Behind the last digit, `+`, `-`, `.`, `e` or `E` from here on. */
export function numberEnd(text: string, start: number): number {
  let end = start;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    const isDigit = code >= 0x30 && code <= 0x39;
    if (!isDigit && code !== 0x2e && (code | 0x20) !== 0x65 && code !== 0x2b && code !== 0x2d)
      break;
  }
  return end;
}

export function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if ((text.charCodeAt(at) | 0x20) === 0x65) return true;
  return false;
}

/**
 * What is wrong with a number of JSON text, or null. Measured values are rounded to the nearest
 * double, as everywhere; whole numbers count or name something, so they must be exact. One that is
 * written with a fraction or an exponent (1.5e18) may be greater when its digits survive.
 */
export function numberProblem(number: string): string | null {
  const value = Number(number);
  if (Number.isNaN(value)) return null;
  if (!Number.isFinite(value)) return 'must be a number below 1.8e308: send it as a string';
  if (value === 0) {
    return /[1-9]/.test(mantissa(number))
      ? 'is a number too close to 0: send 0, or a string'
      : null;
  }
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return null;
  const isMeasured =
    /[.e]/i.test(number) && significantDigits(number) === significantDigits(String(value));
  return isMeasured
    ? null
    : 'must be a whole number of at most 9007199254740991 (2^53 - 1): send it as a string';
}

/** How many digits PostgreSQL writes for the exponent: 1e300 has 301 there. */
export function exponentDigits(number: string): number {
  const value = Number(number);
  if (value === 0 || !Number.isFinite(value)) return 0;
  return Math.abs(Number(/e(.*)/i.exec(number)?.[1] ?? 0)) || 0;
}

function significantDigits(number: string): string {
  const digits = mantissa(number).replace(/[-.]/g, '');
  // Not by a regular expression: one for zeros at the end tries every run of zeros in the middle.
  let start = 0;
  let end = digits.length;
  while (digits[start] === '0') start += 1;
  while (end > start && digits[end - 1] === '0') end -= 1;
  return digits.slice(start, end);
}

function mantissa(number: string): string {
  const exponent = number.search(/e/i);
  return exponent === -1 ? number : number.slice(0, exponent);
}
