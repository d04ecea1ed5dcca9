import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idsOf, mlflowSession, type Run } from './mlflow-session.ts';

/** What lineage needs of MLflow's tracking API, held against the stand-in and the real one. */
describe('MLflow contract', () => {
  const mlflow = mlflowSession();
  const { ask, post, createExperiment, mark, refusal, createRun, search, newGroup } = mlflow;
  beforeAll(() => mlflow.open());
  afterAll(() => mlflow.close());

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
        experiment_id: mlflow.experimentId,
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
      for (const id of [mlflow.experimentId, ...ids]) expect(seen).toContain(id);

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
