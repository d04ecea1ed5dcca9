/**
 * Undoes the row filters of a PNG pass (PNG specification, 9.2): `raw` holds rows of a filter byte and `rowBytes` bytes.
 * Returns the rows without filter bytes, or null when a filter type does not exist.
 */
export function unfilterRows(raw: Uint8Array, rowBytes: number, pixelBytes: number): Uint8Array | null {
  const height = raw.length / (rowBytes + 1);
  const rows = new Uint8Array(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const source = y * (rowBytes + 1) + 1;
    const target = y * rowBytes;
    const filter = raw[source - 1] ?? 0;
    if (filter > 4) return null;
    if (filter === 0) {
      rows.set(raw.subarray(source, source + rowBytes), target);
      continue;
    }
    for (let i = 0; i < rowBytes; i++) {
      const left = i >= pixelBytes ? (rows[target + i - pixelBytes] ?? 0) : 0;
      const above = y > 0 ? (rows[target + i - rowBytes] ?? 0) : 0;
      const corner = y > 0 && i >= pixelBytes ? (rows[target + i - rowBytes - pixelBytes] ?? 0) : 0;
      rows[target + i] = (raw[source + i] ?? 0) + predict(filter, left, above, corner);
    }
  }
  return rows;
}

function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const estimate = left + above - corner;
  const toLeft = Math.abs(estimate - left);
  const toAbove = Math.abs(estimate - above);
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
