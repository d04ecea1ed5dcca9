/**
 * A label of the gutter on the right: it wants its middle at `y`. Those that move are of one
 * height.
 */
export interface GutterWish {
  /** Pixels, the height of the value on the axis. */
  readonly y: number;
  readonly height: number;
  /** Stays where it is; the others give way. */
  readonly fixed?: true;
}

/**
 * Middles of labels so that none touch: fixed ones stay at their true height, the others move to
 * the nearest free place within `top` and `bottom`. When there is no room at all a label goes
 * beyond the end where least is missing.
 */
export function placeGutter(
  wishes: readonly GutterWish[],
  top: number,
  bottom: number,
  gap: number,
): number[] {
  const taken: { from: number; to: number }[] = [];
  const placed: number[] = wishes.map(({ y }) => y);
  const order = wishes
    .map((wish, index) => ({ ...wish, index }))
    .toSorted((a, b) => Number(b.fixed ?? false) - Number(a.fixed ?? false) || a.index - b.index);
  for (const wish of order) {
    const half = wish.height / 2;
    const y = wish.fixed === true ? wish.y : nearestFree(wish, taken, top, bottom, gap);
    placed[wish.index] = y;
    taken.push({ from: y - half, to: y + half });
  }
  return inOrder(wishes, placed);
}

/** Labels that gave way keep the order of their values: the free places go from top to bottom. */
function inOrder(wishes: readonly GutterWish[], placed: readonly number[]): number[] {
  const moving = wishes.flatMap((wish, index) =>
    wish.fixed === true ? [] : [{ y: wish.y, index }],
  );
  const places = moving.map(({ index }) => placed[index] ?? 0).toSorted((a, b) => a - b);
  const result = [...placed];
  moving.toSorted((a, b) => a.y - b.y).forEach(({ index }, i) => (result[index] = places[i] ?? 0));
  return result;
}

function nearestFree(
  wish: GutterWish,
  taken: readonly { from: number; to: number }[],
  top: number,
  bottom: number,
  gap: number,
): number {
  const half = wish.height / 2;
  const inside = (y: number): number => Math.min(bottom - half, Math.max(top + half, y));
  const isFree = (y: number): boolean =>
    taken.every(({ from, to }) => y - half >= to + gap - 1e-6 || y + half <= from - gap + 1e-6);
  const edges = taken.flatMap(({ from, to }) => [from - gap - half, to + gap + half]);
  const candidates = [inside(wish.y), ...edges].filter((y) => isFree(y));
  const overflow = (y: number): number => Math.abs(inside(y) - y);
  const cost = (y: number): number => overflow(y) * 1000 + Math.abs(y - wish.y);
  return candidates.toSorted((a, b) => cost(a) - cost(b))[0] ?? wish.y;
}
