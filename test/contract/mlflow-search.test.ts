import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idsOf, mlflowSession } from './mlflow-session.ts';

/** What lineage needs of MLflow's tracking API, held against the stand-in and the real one. */
describe('MLflow contract', () => {
  const mlflow = mlflowSession();
  const { ask, post, refusal, createRun, search, newGroup } = mlflow;
  beforeAll(() => mlflow.open());
  afterAll(() => mlflow.close());

  describe('a search', () => {
    it.each([
      ['nothing matches', { filter: "tags.nobody = 'has it'" }],
      ['no experiment ids', { experiment_ids: [] }],
      ['unknown experiment ids', { experiment_ids: ['999999999'] }],
    ])('answers {} when %s', async (_, more) => {
      const { status, json } = await ask('POST', 'runs/search', {
        experiment_ids: [mlflow.experimentId],
        ...more,
      });
      expect([status, json()]).toEqual([200, {}]);
    });

    it('takes a body that is no JSON for an empty one', async () => {
      const { status, json } = await ask('POST', 'runs/search', '{"experiment_ids": [');
      expect([status, json()]).toEqual([200, {}]);
    });

    const VALUES = [
      "it's",
      'say "hi"',
      'back\\slash\\',
      "a\\'b",
      '100% of %s',
      'under_score',
      'new\nline',
      'tab\there',
      '`tick`',
      'x'.repeat(255),
      'é🚀ü',
      ' lead and trail ',
      'a AND b',
      '(x)',
      '-- c',
      '/* c */',
      'a;b',
      'a, b',
      '$1 :p ?',
      'NULL',
      '1e5',
      '2024-05-06 13:54:31.981650+00:00',
    ];
    it.each(VALUES)('finds a tag of %j, and nothing else', async (value) => {
      const group = newGroup();
      const id = await createRun({ group, execution_id: value });
      await createRun({ group, execution_id: `${value}x` });
      await createRun({ group });
      const quote = value.includes("'") ? '"' : "'";
      const found = await search(
        `tags.group = '${group}' and tags.execution_id = ${quote}${value}${quote}`,
      );
      expect(idsOf(found)).toEqual([id]);
    });

    it('unescapes nothing: a doubled or escaped quote misses', async () => {
      const group = newGroup();
      await createRun({ group, execution_id: "it's" });
      for (const written of ["it\\'s", "it''s"]) {
        const { status, json } = await ask('POST', 'runs/search', {
          experiment_ids: [mlflow.experimentId],
          filter: `tags.group = '${group}' and tags.execution_id = '${written}'`,
        });
        if (status === 200) expect(json()).toEqual({});
        else expect((json() as { error_code: string }).error_code).toBe('INVALID_PARAMETER_VALUE');
      }
    });

    it('by LIKE: % is anything, _ one character, and case counts', async () => {
      const group = newGroup();
      const forms = [
        '2024-05-06 13:54:31.981650+00:00',
        'manual__2024-05-06T13:54:31.981650+00:00',
        '2024-05-06T13:54:31.98165Z',
      ];
      const ids: string[] = [];
      for (const execution_id of forms) ids.push(await createRun({ group, execution_id }));
      const other = await createRun({ group, execution_id: '2024-05-06 13:54:32.981650+00:00' });
      const like = async (pattern: string) =>
        idsOf(
          await search(`tags.group = '${group}' and tags.execution_id LIKE '${pattern}'`),
        ).toSorted();
      expect(await like('%2024-05-06_13:54:31.98165%')).toEqual(ids.toSorted());
      expect(await like('%2024-05-06_13:54:3_.%')).toEqual([...ids, other].toSorted());
      expect(await like('Manual%')).toEqual([]);
      expect(await like('2024-05-06%')).toEqual([ids[0], ids[2], other].toSorted());
      expect(await like('%')).toHaveLength(4);
      expect(
        idsOf(await search(`tags.group = '${group}' and tags.execution_id ILIKE 'MANUAL%'`)),
      ).toEqual([ids[1]]);
    });

    it('by parameters, keys in backticks, and start times', async () => {
      const group = newGroup();
      const first = await createRun({ group, 'odd-key of mine': 'v' }, { start_time: 1_000 });
      const second = await createRun({ group }, { start_time: 2_000 });
      await post('runs/log-parameter', {
        run_id: second,
        key: 'execution_date',
        value: '2024-05-06 13:54:31+00:00',
      });
      const found = async (clause: string) =>
        idsOf(await search(`tags.group = '${group}' and ${clause}`));
      expect(await found("params.execution_date = '2024-05-06 13:54:31+00:00'")).toEqual([second]);
      expect(await found("params.execution_date LIKE '%13:54%'")).toEqual([second]);
      expect(await found("tags.`odd-key of mine` = 'v'")).toEqual([first]);
      expect(
        await found('attributes.start_time >= 1000 and attributes.start_time <= 1500'),
      ).toEqual([first]);
      expect(await found('attributes.start_time > 1000')).toEqual([second]);
      expect(await found(`attributes.run_id IN ('${first}', '${second}')`)).toHaveLength(2);
      expect(await found(`attributes.run_id IN ('${'0'.repeat(32)}')`)).toEqual([]);
      expect(await found("attributes.status = 'RUNNING'")).toHaveLength(2);
    });

    it('by != leaves out runs that have no such tag', async () => {
      const group = newGroup();
      const id = await createRun({ group, color: 'red' });
      await createRun({ group });
      await createRun({ group, color: 'blue' });
      expect(idsOf(await search(`tags.group = '${group}' and tags.color != 'blue'`))).toEqual([id]);
    });

    it.each([
      ['OR', "tags.a = 'x' OR tags.b = 'y'"],
      ['half a clause', 'tags.a'],
      ['an unknown entity', "nobody.a = 'x'"],
      ['an unknown attribute', "attributes.nobody = 'x'"],
      ['> on a tag', "tags.a > 'x'"],
      ['IN on a tag', "tags.a IN ('x')"],
      ['an unquoted value', 'tags.a = x'],
      ['text for a time', "attributes.start_time > 'x'"],
      ['a value with both quotes', `tags.a = 'it's "odd"'`],
    ])('refuses %s', async (_, filter) => {
      expect(
        await refusal('POST', 'runs/search', { experiment_ids: [mlflow.experimentId], filter }),
      ).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    });

    it.each([0, 50_001, -1])('refuses max_results %s', async (max_results) => {
      expect(
        await refusal('POST', 'runs/search', {
          experiment_ids: [mlflow.experimentId],
          max_results,
        }),
      ).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    });

    it('is ordered by start time, either way, and goes on page by page', async () => {
      const group = newGroup();
      const ids: string[] = [];
      for (const start_time of [3_000, 1_000, 2_000, 5_000, 4_000])
        ids.push(await createRun({ group }, { start_time }));
      const [third, first, second, fifth, fourth] = ids;
      const by = (direction: string) => ({ order_by: [`attributes.start_time ${direction}`] });
      const filter = `tags.group = '${group}'`;
      expect(idsOf(await search(filter, by('ASC')))).toEqual([first, second, third, fourth, fifth]);
      expect(idsOf(await search(filter, by('DESC')))).toEqual([
        fifth,
        fourth,
        third,
        second,
        first,
      ]);
      const seen: string[] = [];
      let token: string | undefined;
      let pages = 0;
      do {
        const page = await search(filter, {
          ...by('ASC'),
          max_results: 2,
          ...(token === undefined ? {} : { page_token: token }),
        });
        seen.push(...idsOf(page));
        token = page.next_page_token;
        pages += 1;
      } while (token !== undefined && pages < 10);
      expect(seen).toEqual([first, second, third, fourth, fifth]);
      expect(pages).toBe(3);
    });

    it('takes 1,000 experiment ids', async () => {
      const group = newGroup();
      const id = await createRun({ group });
      const others = Array.from({ length: 999 }, (_, i) => String(900_000_000 + i));
      expect(
        idsOf(
          await search(`tags.group = '${group}'`, {
            experiment_ids: [...others, mlflow.experimentId],
          }),
        ),
      ).toEqual([id]);
    });
  });
});
