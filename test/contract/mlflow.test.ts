import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenMlflow } from '../support/lineage-stack.ts';
import { openMlflow } from '../support/open-mlflow.ts';

interface Run {
  readonly info: Record<string, unknown> & { run_id: string };
  readonly data: {
    readonly tags?: { key: string; value: string }[];
    readonly params?: { key: string; value: string }[];
    readonly metrics?: { key: string; value: number }[];
  };
}
interface Found {
  readonly runs?: Run[];
  readonly next_page_token?: string;
}

/** What lineage needs of MLflow's tracking API, held against the stand-in and the real one. */
describe('MLflow contract', () => {
  let mlflow: OpenMlflow;
  let experimentId: string;
  const mark = Date.now().toString(36);

  beforeAll(async () => {
    mlflow = await openMlflow();
    experimentId = await createExperiment(`contract ${mark}`);
  });
  afterAll(() => mlflow.close());

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    const response = await fetch(`${mlflow.url}/api/2.0/mlflow/${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: (): unknown => JSON.parse(text) };
  }
  async function post<T = Record<string, unknown>>(path: string, body: unknown): Promise<T> {
    const answer = await ask('POST', path, body);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.json() as T;
  }
  async function refusal(method: string, path: string, body?: unknown) {
    const { status, json } = await ask(method, path, body);
    return [status, (json() as { error_code: string }).error_code];
  }
  async function createExperiment(title: string): Promise<string> {
    return (await post<{ experiment_id: string }>('experiments/create', { name: title }))
      .experiment_id;
  }
  const pairs = (values: Record<string, string>) =>
    Object.entries(values).map(([key, value]) => ({ key, value }));
  async function createRun(
    tags: Record<string, string>,
    more: Record<string, unknown> = {},
  ): Promise<string> {
    const body = { experiment_id: experimentId, tags: pairs(tags), ...more };
    return (await post<{ run: Run }>('runs/create', body)).run.info.run_id;
  }
  const search = (filter: string, more: Record<string, unknown> = {}) =>
    post<Found>('runs/search', {
      experiment_ids: [experimentId],
      filter,
      max_results: 100,
      ...more,
    });
  const idsOf = ({ runs = [] }: Found) => runs.map(({ info }) => info.run_id);
  let groups = 0;
  /** A tag that only the runs of one test carry. */
  const newGroup = () => `g${(groups += 1)}-${mark}`;

  describe('runs', () => {
    it('are created, read and updated in the shape that is documented', async () => {
      const id = await createRun({ workflow_id: 'wf' }, { start_time: 1_763_214_871_981 });
      await post('runs/log-batch', {
        run_id: id,
        params: [{ key: 'symbol', value: 'TSLA' }],
        metrics: [{ key: 'confidence', value: 0.5, timestamp: 1, step: 0 }],
        tags: [{ key: 'later', value: 'yes' }],
      });
      await post('runs/update', { run_id: id, status: 'FINISHED', end_time: 1_763_214_900_000 });
      const { run } = (await ask('GET', `runs/get?run_id=${id}`)).json() as { run: Run };
      expect(run.info).toMatchObject({
        run_id: id,
        run_uuid: id,
        experiment_id: experimentId,
        status: 'FINISHED',
        start_time: 1_763_214_871_981,
        end_time: 1_763_214_900_000,
        lifecycle_stage: 'active',
      });
      expect(run.data.params).toEqual([{ key: 'symbol', value: 'TSLA' }]);
      expect(run.data.metrics).toMatchObject([{ key: 'confidence', value: 0.5 }]);
      expect(run.data.tags).toEqual(
        expect.arrayContaining([
          { key: 'workflow_id', value: 'wf' },
          { key: 'later', value: 'yes' },
        ]),
      );
    });

    it('leave out lists that would be empty', async () => {
      const id = await createRun({});
      const { run } = (await ask('GET', `runs/get?run_id=${id}`)).json() as { run: Run };
      expect(run.data).not.toHaveProperty('params');
      expect(run.data).not.toHaveProperty('metrics');
      expect(run.info).not.toHaveProperty('end_time');
      expect(run.info['status']).toBe('RUNNING');
    });

    it('made without a start time have 0 or none', async () => {
      const group = newGroup();
      await createRun({ group });
      const { runs = [] } = await search(`tags.group = '${group}'`);
      expect(Number(runs[0]?.info['start_time'] ?? 0)).toBe(0);
    });

    it.each([
      [
        'an id that nobody has',
        'GET',
        `runs/get?run_id=${'0'.repeat(32)}`,
        [404, 'RESOURCE_DOES_NOT_EXIST'],
      ],
      ['an id that is none', 'GET', 'runs/get?run_id=a%20b', [404, 'RESOURCE_DOES_NOT_EXIST']],
      ['no id', 'GET', 'runs/get', [400, 'INVALID_PARAMETER_VALUE']],
    ])('refuse %s', async (_, method, path, expected) => {
      expect(await refusal(method, path)).toEqual(expected);
    });

    it('are hidden when they are deleted, and still read by id', async () => {
      const group = newGroup();
      const id = await createRun({ group });
      await post('runs/delete', { run_id: id });
      expect(idsOf(await search(`tags.group = '${group}'`))).toEqual([]);
      expect(idsOf(await search(`tags.group = '${group}'`, { run_view_type: 'ALL' }))).toEqual([
        id,
      ]);
      expect(
        idsOf(await search(`tags.group = '${group}'`, { run_view_type: 'DELETED_ONLY' })),
      ).toEqual([id]);
      const { run } = (await ask('GET', `runs/get?run_id=${id}`)).json() as { run: Run };
      expect(run.info['lifecycle_stage']).toBe('deleted');
      await post('runs/restore', { run_id: id });
      expect(idsOf(await search(`tags.group = '${group}'`))).toEqual([id]);
    });
  });

  describe('a search', () => {
    it.each([
      ['nothing matches', { filter: "tags.nobody = 'has it'" }],
      ['no experiment ids', { experiment_ids: [] }],
      ['unknown experiment ids', { experiment_ids: ['999999999'] }],
    ])('answers {} when %s', async (_, more) => {
      const { status, json } = await ask('POST', 'runs/search', {
        experiment_ids: [experimentId],
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
          experiment_ids: [experimentId],
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
        await refusal('POST', 'runs/search', { experiment_ids: [experimentId], filter }),
      ).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    });

    it.each([0, 50_001, -1])('refuses max_results %s', async (max_results) => {
      expect(
        await refusal('POST', 'runs/search', { experiment_ids: [experimentId], max_results }),
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
          await search(`tags.group = '${group}'`, { experiment_ids: [...others, experimentId] }),
        ),
      ).toEqual([id]);
    });
  });

  describe('experiments', () => {
    it('are found by name and by page, and hidden when they are deleted', async () => {
      const ids = [await createExperiment(`a ${mark}`), await createExperiment(`it's ${mark}`)];
      const byName = async (title: string) => {
        const { status, json } = await ask(
          'GET',
          `experiments/get-by-name?experiment_name=${encodeURIComponent(title)}`,
        );
        return status === 200
          ? (json() as { experiment: Record<string, unknown> }).experiment
          : status;
      };
      expect(await byName(`it's ${mark}`)).toMatchObject({
        experiment_id: ids[1],
        name: `it's ${mark}`,
        lifecycle_stage: 'active',
      });
      expect(await byName(`nobody ${mark}`)).toBe(404);
      expect(await refusal('GET', `experiments/get-by-name?experiment_name=nobody${mark}`)).toEqual(
        [404, 'RESOURCE_DOES_NOT_EXIST'],
      );

      const seen = new Set<string>();
      let token: string | undefined;
      do {
        const page = await post<{
          experiments?: { experiment_id: string }[];
          next_page_token?: string;
        }>('experiments/search', {
          max_results: 2,
          ...(token === undefined ? {} : { page_token: token }),
        });
        for (const { experiment_id } of page.experiments ?? []) seen.add(experiment_id);
        token = page.next_page_token;
      } while (token !== undefined && token !== '');
      for (const id of [experimentId, ...ids]) expect(seen).toContain(id);

      await createRun({ group: `gone-${mark}` }, { experiment_id: ids[0] });
      await post('experiments/delete', { experiment_id: ids[0] });
      expect(await byName(`a ${mark}`)).toMatchObject({ lifecycle_stage: 'deleted' });
      const { experiments = [] } = await post<{ experiments?: { experiment_id: string }[] }>(
        'experiments/search',
        {
          max_results: 1000,
          filter: `name = 'a ${mark}'`,
        },
      );
      expect(experiments).toEqual([]);
      expect(
        idsOf(await search(`tags.group = 'gone-${mark}'`, { experiment_ids: [ids[0]] })),
      ).toEqual([]);
    });

    it('are not searched without max_results, and have names of their own', async () => {
      expect(await refusal('POST', 'experiments/search', {})).toEqual([
        400,
        'INVALID_PARAMETER_VALUE',
      ]);
      expect(await refusal('POST', 'experiments/create', { name: `contract ${mark}` })).toEqual([
        400,
        'RESOURCE_ALREADY_EXISTS',
      ]);
      expect(await refusal('POST', 'experiments/create', {})).toEqual([
        400,
        'INVALID_PARAMETER_VALUE',
      ]);
    });
  });

  describe('the door', () => {
    it('answers /health to everybody, and 404 to what it does not know', async () => {
      expect((await fetch(`${mlflow.url}/health`)).status).toBe(200);
      expect((await ask('POST', 'nothing/here', {})).status).toBe(404);
      expect((await ask('GET', 'experiments/list')).status).toBe(404);
    });

    it('lets no page of another origin write', async () => {
      const { status } = await ask(
        'POST',
        'runs/search',
        { experiment_ids: [] },
        { origin: 'https://evil.example' },
      );
      expect(status).toBe(403);
    });
  });
});
