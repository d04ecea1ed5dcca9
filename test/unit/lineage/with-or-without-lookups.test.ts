import { expect, it } from 'vitest';
import { withOrWithoutLookups } from '../../../src/lineage/with-or-without-lookups.ts';

const sqlError = (code: string) => Object.assign(new Error('failed'), { code });

/** Reads that fail in turn, and with or without look-ups each was made. */
function reading(...errors: (Error | null)[]) {
  const asked: boolean[] = [];
  const read = async (hasLookups: boolean) => {
    const error = errors[asked.push(hasLookups) - 1] ?? null;
    if (error !== null) throw error;
    return hasLookups;
  };
  return { asked, read };
}

it('reads with look-ups', async () => {
  const { asked, read } = reading(null);
  expect(await withOrWithoutLookups(read)).toBe(true);
  expect(asked).toEqual([true]);
});

it('reads without them on a database that nobody has migrated', async () => {
  const { asked, read } = reading(new Error('wrapped', { cause: sqlError('42P01') }));
  expect(await withOrWithoutLookups(read)).toBe(false);
  expect(asked).toEqual([true, false]);
});

it('fails as the database does otherwise, and with it the second time', async () => {
  const [timeout, missing] = [sqlError('57014'), sqlError('42P01')];
  const once = reading(timeout);
  await expect(withOrWithoutLookups(once.read)).rejects.toBe(timeout);
  expect(once.asked).toEqual([true]);
  await expect(withOrWithoutLookups(reading(missing, missing).read)).rejects.toBe(missing);
});
