/**
 * A Huffman table of a JPEG (ITU T.81, C.2): for every next sixteen bits the code that they begin
 * with, as length in the upper byte and symbol in the lower; 0 where no code begins so.
 */
export type JpegCodes = Uint16Array;

const LONGEST_CODE_BITS = 16;

/**
 * `counts`: of codes of 1 to 16 bits; `symbols` in their order. Null when there are more codes than
 * bits allow.
 */
export function jpegCodes(counts: Uint8Array, symbols: Uint8Array): JpegCodes | null {
  const codes = new Uint16Array(1 << LONGEST_CODE_BITS);
  let from = 0;
  let next = 0;
  for (let length = 1; length <= LONGEST_CODE_BITS; length++) {
    const span = 1 << (LONGEST_CODE_BITS - length);
    for (let i = 0; i < (counts[length - 1] ?? 0); i++) {
      if (from + span > codes.length) return null;
      codes.fill((length << 8) | (symbols[next++] ?? 0), from, from + span);
      from += span;
    }
  }
  return codes;
}

/**
 * Bits of an entropy-coded segment, which ends at the next marker. What is read beyond its end is 0
 * and noticed.
 */
export class JpegBits {
  readonly #bytes: Uint8Array;
  #position: number;
  #buffer = 0;
  #count = 0;
  #isAtMarker = false;
  /** More bits were asked for than there are, or bits that begin no code. */
  damage: 'short' | 'no code' | null = null;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.#position = position;
  }

  /** Where the bytes begin that were not looked at yet. */
  get position(): number {
    return this.#position;
  }

  /** Drops the rest of the byte and goes on at `position`. */
  restart(position: number): void {
    this.#position = position;
    this.#buffer = 0;
    this.#count = 0;
    this.#isAtMarker = false;
  }

  /** The symbol of the next code. */
  symbol(codes: JpegCodes): number {
    this.#fill();
    const ahead =
      this.#count >= 16 ? this.#buffer >>> (this.#count - 16) : this.#buffer << (16 - this.#count);
    const entry = codes[ahead & 0xffff] ?? 0;
    if (entry === 0) {
      this.damage ??= this.#isAtMarker && this.#count < 16 ? 'short' : 'no code';
      return 0;
    }
    this.#drop(entry >>> 8);
    return entry & 0xff;
  }

  /** The next `n` bits, at most 16, as a number. */
  take(n: number): number {
    if (n === 0) return 0;
    this.#fill();
    const value = this.#count >= n ? this.#buffer >>> (this.#count - n) : 0;
    this.#drop(n);
    return value;
  }

  #drop(n: number): void {
    if (n > this.#count) {
      this.damage ??= 'short';
      this.#count = 0;
      this.#buffer = 0;
      return;
    }
    this.#count -= n;
    this.#buffer &= (1 << this.#count) - 1;
  }

  /** A byte FF is data only when a 00 follows it (T.81, B.1.1.5). */
  #fill(): void {
    while (this.#count <= 16 && !this.#isAtMarker) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined || (byte === 0xff && this.#bytes[this.#position + 1] !== 0)) {
        this.#isAtMarker = true;
        return;
      }
      this.#position += byte === 0xff ? 2 : 1;
      this.#buffer = (this.#buffer << 8) | byte;
      this.#count += 8;
    }
  }
}
