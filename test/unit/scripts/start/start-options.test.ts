import { describe, expect, it } from 'vitest';
import { readStartOptions } from '../../../../scripts/start/start-options.ts';

describe('readStartOptions', () => {
  it('knows its defaults', () => {
    expect(readStartOptions([], {})).toEqual({
      help: false,
      fresh: false,
      migrate: false,
      seed: false,
      log: false,
      stateDirectory: '.local',
      ports: { worker: 8787, s3: 9000, sql: 5488, mlflow: 5500, tokens: 8788 },
    });
    expect(readStartOptions(['--fresh'], { PORT: '1234' })).toMatchObject({
      fresh: true,
      ports: { worker: 1234 },
    });
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['an unknown flag', ['--frsh'], {}, /--frsh.*--help/],
    ['a port that is none', [], { S3_PORT: '70000' }, /S3_PORT/],
    ['two parts on one port', [], { PORT: '9000' }, /differ/],
  ])('refuses %s', (_name, argv, env, message) => {
    expect(() => readStartOptions(argv, env)).toThrow(message);
  });
});
