import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectRefProblem, objectUrl, parseStoredUrl } from '../../../src/storage/object-ref.ts';

const BUCKETS = ['trading-charts', 'dotted.bucket'];
const ENDPOINT = 'http://127.0.0.1:9000';

describe('parseStoredUrl', () => {
  it.each([
    ['http://localhost:9000/trading-charts/charts/a.png', 'charts/a.png'],
    ['https://minio.example.com/trading-charts/a%20b%2Bc.png?X-Amz-Signature=1#x', 'a b+c.png'],
    ['HTTPS://user:pw@evil.example/trading-charts/a.png', 'a.png'],
    ['s3://trading-charts/a/100%.png', 'a/100%.png'],
    ['s3://trading-charts/a?b#c', 'a?b#c'],
    ['trading-charts/a.png', 'a.png'],
    ['/trading-charts/a.png', 'a.png'],
    ['  /trading-charts/a.png  ', 'a.png'],
    ['https://trading-charts.s3.eu-west-1.amazonaws.com/a/b.png', 'a/b.png'],
    ['http://[::1]:9000/trading-charts/ü.png', 'ü.png'],
  ])('%s names %s', (text, key) => {
    expect(parseStoredUrl(text, BUCKETS)).toEqual({ ref: { bucket: 'trading-charts', key } });
  });

  it('knows buckets with dots in front of a host', () => {
    expect(parseStoredUrl('https://dotted.bucket.s3.example.com/a.png', BUCKETS)).toEqual({
      ref: { bucket: 'dotted.bucket', key: 'a.png' },
    });
  });

  it.each([
    'http://localhost:9000/other-bucket/a.png',
    'http://localhost:9000/trading-charts/../other/a.png',
    'http://localhost:9000/trading-charts/%2e%2e/other/a.png',
    'http://localhost:9000/trading-charts/a%2Fb.png',
    'http://localhost:9000/trading-charts//a.png',
    'http://localhost:9000/trading-charts/a%00.png',
    'http://localhost:9000/trading-charts/a%5Cb.png',
    'http://localhost:9000/trading-charts\\..\\a.png',
    'http://localhost:9000/trading-charts/%zz.png',
    'http://localhost:9000/trading-charts/',
    'http://localhost:9000',
    `http://localhost:9000/trading-charts/${'x'.repeat(1025)}`,
    '/opt/airflow/charts/a.png',
    'C:\\charts\\a.png',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:image/png;base64,AAAA',
    '',
  ])('%s is nowhere we look', (text) => {
    const parsed = parseStoredUrl(text, BUCKETS);
    expect('problem' in parsed && parsed.problem.length > 10).toBe(true);
  });
});

describe('objectUrl', () => {
  it('encodes as SigV4 wants it', () => {
    const ref = { bucket: 'trading-charts', key: "a b+c%d/é(1)!*'.png" };
    expect(objectUrl(`${ENDPOINT}/prefix`, ref)).toBe(
      `${ENDPOINT}/prefix/trading-charts/a%20b%2Bc%25d/%C3%A9%281%29%21%2A%27.png`,
    );
  });

  it('never leaves host and bucket, whatever was stored', () => {
    const piece = fc.constantFrom(
      'http://',
      's3://',
      'trading-charts',
      '/',
      '..',
      '%2e',
      '%2f',
      '\\',
      '?',
      '#',
      '@',
      ':',
      'evil.example',
      '.',
      'é',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (stored) => {
        const parsed = parseStoredUrl(stored, BUCKETS);
        if ('problem' in parsed) return;
        expect(objectRefProblem(parsed.ref, BUCKETS)).toBeNull();
        const url = new URL(objectUrl(ENDPOINT, parsed.ref));
        expect(url.origin).toBe(ENDPOINT);
        expect(decodeURIComponent(url.pathname)).toBe(`/${parsed.ref.bucket}/${parsed.ref.key}`);
      }),
      { numRuns: 5_000, seed: 3 },
    );
  });
});
