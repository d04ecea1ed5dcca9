import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { parseJson } from '../../../src/http/read-json.ts';
import { JSON_FIELD_MAX_BYTES, JSON_MAX_DEPTH, scanJson } from '../../../src/http/scan-json.ts';

const fieldsOf = (text: string) => scanJson(text).problems.map(({ field }) => field);
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('numbers', () => {
  it.each([
    '0',
    '-0',
    '0.0',
    '0e999',
    '0.1',
    '-1.5',
    '1e-5',
    '1E5',
    '123456789012345',
    '9007199254740991',
    '-9007199254740991',
    '0.30000000000000004',
    '0.1000000000000000055511151231257827',
    '101.50000000000000000',
    '1e20',
    '1.5e18',
    '1.7976931348623157e308',
    '1e300',
    '5e-324',
  ])('%s is kept', (number) => {
    expect(scanJson(`{"a":[${number}]}`)).toEqual({ problems: [], isWhole: true });
  });

  it.each([
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890',
    '12345678901234567890.0',
    '12345678901234567890.5',
    '1.2345678901234567890e19',
    '9007199254740993e0',
    '1e999',
    '-1e999',
    '1e309',
    '1'.repeat(400),
    '1e-400',
    '0.' + '0'.repeat(400) + '1',
  ])('%s is not', (number) => {
    expect(fieldsOf(`{"a":{"b":[1, ${number}]}}`)).toEqual(['a.b[1]']);
  });
});

describe('names', () => {
  it.each([
    ['{"__proto__":1}', '__proto__'],
    ['{"a":[{"b":{"__proto__":{"x":1}}}]}', 'a[0].b.__proto__'],
    ['{"a":{"\\u005f_proto__":1}}', 'a.__proto__'],
    ['{"a":{"constructor":{"prototype":{}}}}', 'a.constructor.prototype'],
    ['{"a":1,"b":2,"a":3}', 'a'],
    ['{"a":{"x":1,"\\u0078":2}}', 'a.x'],
    ['{"a":[{"x":1},{"x":1,"x":1}]}', 'a[1].x'],
    ['{"":1,"":2}', '""'],
  ])('%s is refused', (text, field) => {
    expect(fieldsOf(text)).toEqual([field]);
  });

  it.each([
    '{"a":"__proto__"}',
    '{"proto":1,"__proto":2}',
    '{"constructor":1}',
    '{"prototype":{}}',
    '{"constructor":{"a":{"prototype":1}}}',
    '{"a":{"x":1},"b":{"x":1}}',
    '[{"x":1},{"x":2}]',
    '{"a\\"b":1,"a\\\\":"\\\\"}',
    '{"toString":1,"hasOwnProperty":2}',
  ])('%s is none of our business', (text) => {
    expect(scanJson(text)).toEqual({ problems: [], isWhole: true });
  });

  it('are cut where they are long, and shown', () => {
    const [problem] = scanJson(`{"${'k'.repeat(100_000)}":1e999}`).problems;
    expect(problem?.field).toBe(`${'k'.repeat(64)}…`);
  });
});

describe('strings', () => {
  it.each([
    ['{"a":"x\\u0000y"}', 'a'],
    ['{"a":{"b\\u0000":1}}', 'a.b\0'],
    ['{"a":["\\ud800"]}', 'a[0]'],
    ['{"a":["\\udc00\\ud800"]}', 'a[0]'],
    ['{"a":["\\ud83dx"]}', 'a[0]'],
  ])('%s is refused', (text, field) => {
    expect(fieldsOf(text)).toEqual([field]);
  });

  it.each([
    '{"a":"\\ud83d\\ude80"}',
    '{"a":"🚀"}',
    '{"a":"\\\\u0000"}',
    '{"a":"[[[{{{\\"]"}',
    '{"a":"1e999"}',
  ])('%s is kept', (text) => {
    expect(scanJson(text)).toEqual({ problems: [], isWhole: true });
  });
});

describe('depth', () => {
  it('is counted inside of a field', () => {
    expect(scanJson(`{"a":${nested(JSON_MAX_DEPTH)}}`).problems).toEqual([]);
    expect(scanJson(`{"b":1,"a":${nested(JSON_MAX_DEPTH + 1)}}`)).toMatchObject({
      isWhole: false,
      problems: [{ field: 'a' }],
    });
    const objects = '{"x":'.repeat(65) + '1' + '}'.repeat(65);
    expect(fieldsOf(`{"a":{},"metadata":${objects}}`)).toEqual(['metadata']);
  });

  it.each([
    ['[', 'body'],
    ['{"a":', 'a'],
    ['{"a":[', 'a'],
  ])('of 4 MB of %s ends at once, and nothing is built', (open, field) => {
    const bytes = new TextEncoder().encode(open.repeat(Math.floor(4_000_000 / open.length)));
    expect(() => parseJson(bytes, 'body')).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        fields: [expect.objectContaining({ field })],
      }),
    );
  });

  it('cannot hide behind many other problems', () => {
    const text = `{"a":[${'1e999,'.repeat(100)}${'['.repeat(3_000_000)}`;
    expect(scanJson(text)).toMatchObject({ isWhole: false, problems: { length: 20 } });
    expect(() => parseJson(new TextEncoder().encode(text), 'body')).toThrow(AppError);
  });
});

describe('size', () => {
  const text = (bytes: number, letter: string, width: number) => letter.repeat((bytes - 2) / width);

  it.each([
    ['x', 1],
    ['é', 2],
    ['€', 3],
    ['🚀', 4],
  ])('counts bytes of %s', (letter, width) => {
    const most = Math.floor((JSON_FIELD_MAX_BYTES - 2) / width) * width + 2;
    expect(fieldsOf(`{"b":1,"a":"${text(most, letter, width)}"}`)).toEqual([]);
    expect(fieldsOf(`{"b":1,"a":"${text(most + 4, letter, width)}","c":1}`)).toEqual(['a']);
  });

  it('counts what the database writes: 1e300 has 301 digits there', () => {
    expect(fieldsOf(`{"b":1,"a":[${'1e300,'.repeat(10_000)}1]}`)).toEqual(['a']);
    expect(fieldsOf(`{"b":1,"a":[${'1e3,'.repeat(10_000)}1]}`)).toEqual([]);
  });

  it('is each field of its own', () => {
    const half = 'x'.repeat(1_900_000);
    expect(fieldsOf(`{"a":"${half}","b":"${half}"}`)).toEqual([]);
  });
});

it.each([
  '',
  '{',
  '"',
  '"\\',
  '"\\u',
  '{"a',
  '{"a":',
  ']',
  '}}}',
  '{,,,',
  '-',
  '1e',
  '{:',
  ',"',
  '\\"',
])('bears %j, which is no JSON, and lets JSON.parse say so', (text) => {
  expect(scanJson(text).isWhole).toBe(true);
  expect(() => parseJson(new TextEncoder().encode(text), 'body')).toThrow(
    expect.objectContaining({ code: 'invalid_request' }),
  );
});

it.each([
  '{'.repeat(3),
  '{' + ','.repeat(4_000_000),
  '"'.repeat(4_000_000),
  '{' + '"a":'.repeat(900_000),
])('ends on long nonsense (%#)', (text) => {
  expect(() => parseJson(new TextEncoder().encode(text), 'body')).toThrow(AppError);
});

/** The same question, asked of the value by walking it. */
function isKept(value: unknown, parentKey = ''): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed();
  if (typeof value === 'number')
    return Math.abs(value) <= Number.MAX_SAFE_INTEGER || String(value).includes('e');
  if (Array.isArray(value)) return value.every((element) => isKept(element));
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([key, member]) =>
      key !== '__proto__' &&
      !(key === 'prototype' && parentKey === 'constructor') &&
      isKept(key) &&
      isKept(member, key),
  );
}

it('agrees with a walk over the value, whatever it is', () => {
  const key = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'constructor', 'prototype', 'a', '"', '\\', '\ud800', '\0', 'é🚀'),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.constantFrom(null, true, 2 ** 53, 2 ** 63, -1e20, 1e21),
      key,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((members) => {
        const unique = new Map(
          members.map(([k, v]) => [k, `${JSON.stringify(k)}:${JSON.stringify(v)}`]),
        );
        return JSON.parse(`{${[...unique.values()].join(',')}}`);
      }),
    ),
  }));
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, '\t'), (any, indent) => {
      const text = JSON.stringify({ field: any }, null, indent);
      const { problems, isWhole } = scanJson(text);
      expect([text, problems.length === 0]).toEqual([text, isKept(any, 'field')]);
      expect(isWhole || problems.length > 0).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

it('looks at a number of half a million zeros once, not once for each of them', () => {
  const zeros = '0'.repeat(500_000);
  expect(() => parseJson(Buffer.from(`{"a":1.${zeros}1e20}`), 'body')).toThrow(/a/);
  expect(() => parseJson(Buffer.from(`{"a":${zeros.replace(/^0/, '1')}}`), 'body')).toThrow(/a/);
});
