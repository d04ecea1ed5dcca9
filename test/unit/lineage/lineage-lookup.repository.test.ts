import { drizzle } from 'drizzle-orm/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rememberMissedSql } from '../../../src/lineage/lineage-lookup.repository.ts';
import { missed, type Missed } from '../../../src/lineage/outcome.ts';
import type { Subject } from '../../../src/lineage/subject.ts';
import type { PgliteBackend } from '../../../stand-in/sql/pglite-backend.ts';
import { giveBackPglite, openPglite } from '../../support/open-pglite.ts';
import { execution, REASONS } from './samples.ts';

let backend: PgliteBackend;
beforeAll(async () => {
  backend = await openPglite();
  await backend.migrate();
});
afterAll(() => giveBackPglite(backend));

let made = 0;
const newSubject = () => execution(`build ${(made += 1)}`, 'w');

async function remember(subject: Subject, miss: Missed) {
  await drizzle(backend.pglite).execute(rememberMissedSql([{ subject, missed: miss }]));
  const name = subject.kind === 'run' ? subject.runId : subject.id.text;
  const { rows } = await backend.pglite.query<Record<string, unknown>>(
    `select kind, workflow, status, reason, attempts, checked_at::text as checked_at,
       extract(epoch from next_check_at - now())::int as wait_s
     from lineage_lookup where name = $1`,
    [name],
  );
  return rows[0];
}

describe('what is remembered of a look in vain', () => {
  it('is the sentence, and a wait that doubles with each look up to an hour', async () => {
    const subject = newSubject();
    const waits: unknown[] = [];
    let last: Record<string, unknown> | undefined;
    for (let look = 1; look <= 12; look += 1) {
      last = await remember(subject, missed(REASONS.no_run_yet));
      waits.push(last?.['wait_s']);
      expect(last).toMatchObject({ attempts: look, status: look < 10 ? 'pending' : 'unresolved' });
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
    expect(last?.['reason']).toContain('once an hour');
  });

  it('is not taken back by a part of a look, only by a whole one or an outage', async () => {
    const subject: Subject = { kind: 'run', runId: 'unknown' };
    const whole = await remember(subject, missed(REASONS.unknown_run));
    const part = await remember(subject, missed(REASONS.no_experiment_yet, 'part'));
    expect(part).toMatchObject({ status: 'unresolved', reason: whole?.['reason'], attempts: 1 });
    const outage = await remember(subject, missed(REASONS.mlflow_failed, 'part', 1_000));
    expect(outage).toMatchObject({ status: 'unavailable' });
    expect(await remember(subject, missed(REASONS.no_experiment_yet, 'part'))).toMatchObject({
      status: 'pending',
    });
    expect(await remember(subject, missed(REASONS.unknown_run))).toMatchObject({
      status: 'unresolved',
      attempts: 2,
    });
  });

  it.each<[string, Missed, object]>([
    [
      'a part of a look',
      missed(REASONS.no_run_yet, 'part'),
      { attempts: 0, wait_s: 5, status: 'pending' },
    ],
    [
      'the usual way',
      missed(REASONS.no_run_yet, 'usual'),
      { attempts: 1, wait_s: 5, status: 'pending' },
    ],
    [
      'an outage',
      missed(REASONS.mlflow_failed, 'part', 60_000),
      { attempts: 0, wait_s: 60, status: 'unavailable' },
    ],
    ['a guess', missed(REASONS.nameless_run), { attempts: 1, wait_s: 5, status: 'unresolved' }],
  ])('%s', async (_, miss, memory) => {
    expect(await remember(newSubject(), miss)).toMatchObject({
      kind: 'execution',
      workflow: 'w',
      ...memory,
    });
  });

  it('a run is remembered by its id alone', async () => {
    const run = { kind: 'run', runId: 'r1' } as const;
    expect(await remember(run, missed(REASONS.unknown_run))).toMatchObject({
      kind: 'run',
      workflow: '',
      status: 'unresolved',
    });
  });

  it('a part of a look changes neither the count nor when it was checked', async () => {
    const subject = newSubject();
    const first = await remember(subject, missed(REASONS.no_run_yet));
    const second = await remember(subject, missed(REASONS.no_run_yet, 'part'));
    expect(second).toMatchObject({ attempts: 1, checked_at: first?.['checked_at'] });
  });

  it('leaves what is linked', async () => {
    const subject = { kind: 'run', runId: 'r2' } as const;
    await backend.pglite.query(
      `insert into lineage_lookup (kind, workflow, name, status) values ('run', '', 'r2', 'linked')`,
    );
    expect(await remember(subject, missed(REASONS.unknown_run))).toMatchObject({
      status: 'linked',
      reason: null,
      attempts: 0,
    });
  });
});
