import type { JpegBits, JpegCodes } from './bits.ts';

/** One component of a scan. */
export interface ScanComponent {
  /** Null where the scan names a table that was never defined. */
  readonly dc: JpegCodes | null;
  readonly ac: JpegCodes | null;
  /**
   * Which coefficients are not zero so far, a bit each, 64 a block; null when the JPEG is not
   * progressive.
   */
  readonly nonzero: Uint8Array | null;
}

/** Which coefficients a scan holds, first to last, and which bits of them (T.81, B.2.3). */
export interface SpectralRange {
  readonly first: number;
  readonly last: number;
  /**
   * Successive approximation: 0 is the first scan of these coefficients, otherwise one more bit of
   * them.
   */
  readonly high: number;
}

const LAST_COEFFICIENT = 63;
/** Sixteen zeros. */
const ZERO_RUN = 15;

/**
 * Reads blocks of 64 coefficients for what they must look like, and keeps no value (T.81, F.2.2 and
 * G.2; the order of steps is that of libjpeg's jdhuff.c and jdphuff.c). False: a coefficient behind
 * the 64th; what is wrong with the bits themselves is in `bits.damage`.
 */
export class JpegBlocks {
  readonly #bits: JpegBits;
  readonly #range: SpectralRange | null;
  /** Further blocks without anything, in a progressive scan. */
  #emptyBlocks = 0;

  /** `range`: null for a sequential JPEG. */
  constructor(bits: JpegBits, range: SpectralRange | null) {
    this.#bits = bits;
    this.#range = range;
  }

  restart(): void {
    this.#emptyBlocks = 0;
  }

  read(component: ScanComponent, block: number): boolean {
    const range = this.#range;
    if (range === null) return this.#sequential(component);
    if (range.first === 0) {
      if (range.high === 0) this.#difference(component);
      else this.#bits.take(1);
      return true;
    }
    return range.high === 0
      ? this.#first(component, block, range)
      : this.#refine(component, block, range);
  }

  #difference({ dc }: ScanComponent): boolean {
    const size = dc === null ? 0 : this.#bits.symbol(dc);
    if (size > 16) return false;
    this.#bits.take(size);
    return true;
  }

  #sequential(component: ScanComponent): boolean {
    if (!this.#difference(component)) return false;
    const { ac } = component;
    if (ac === null) return false;
    for (let k = 1; k <= LAST_COEFFICIENT; k++) {
      const code = this.#bits.symbol(ac);
      const size = code & 15;
      if (size === 0) {
        if (code >> 4 !== ZERO_RUN) return true;
        k += ZERO_RUN;
        continue;
      }
      k += code >> 4;
      if (k > LAST_COEFFICIENT) return false;
      this.#bits.take(size);
    }
    return true;
  }

  #first({ ac, nonzero }: ScanComponent, block: number, { first, last }: SpectralRange): boolean {
    if (ac === null || nonzero === null) return false;
    if (this.#emptyBlocks > 0) {
      this.#emptyBlocks--;
      return true;
    }
    for (let k = first; k <= last; k++) {
      const code = this.#bits.symbol(ac);
      const run = code >> 4;
      if ((code & 15) === 0) {
        if (run !== ZERO_RUN) {
          this.#emptyBlocks = (1 << run) - 1 + this.#bits.take(run);
          return true;
        }
        k += ZERO_RUN;
        continue;
      }
      k += run;
      if (k > LAST_COEFFICIENT) return false;
      this.#bits.take(code & 15);
      mark(nonzero, block, k);
    }
    return true;
  }

  #refine({ ac, nonzero }: ScanComponent, block: number, { first, last }: SpectralRange): boolean {
    if (ac === null || nonzero === null) return false;
    let k = first;
    while (this.#emptyBlocks === 0 && k <= last) {
      const code = this.#bits.symbol(ac);
      let zeros = code >> 4;
      const isNew = (code & 15) !== 0;
      if (isNew) this.#bits.take(1);
      else if (zeros !== ZERO_RUN) {
        this.#emptyBlocks = (1 << zeros) + this.#bits.take(zeros);
        break;
      }
      for (; k <= last; k++) {
        if (isMarked(nonzero, block, k)) this.#bits.take(1);
        else if (--zeros < 0) break;
      }
      if (isNew) {
        if (k > LAST_COEFFICIENT) return false;
        mark(nonzero, block, k);
      }
      k++;
      if (this.#bits.damage !== null) return true;
    }
    if (this.#emptyBlocks > 0) {
      for (; k <= last; k++) if (isMarked(nonzero, block, k)) this.#bits.take(1);
      this.#emptyBlocks--;
    }
    return true;
  }
}

function mark(nonzero: Uint8Array, block: number, k: number): void {
  const place = block * 8 + (k >> 3);
  nonzero[place] = (nonzero[place] ?? 0) | (1 << (k & 7));
}

function isMarked(nonzero: Uint8Array, block: number, k: number): boolean {
  return ((nonzero[block * 8 + (k >> 3)] ?? 0) & (1 << (k & 7))) !== 0;
}
