import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startLineageStack, type LineageStack, type OpenMlflow } from '../support/lineage-stack.ts';
import { openMlflow } from '../support/open-mlflow.ts';

const EXECUTION = '2025-10-07 08:30:00.000000+00:00';
/** Made so many at once. */
const HANDS = 8;

/** Which experiments are searched, and as whom, on any MLflow. */
describe('lineage, access to experiments', () => {
  let mlflow: OpenMlflow;
  const open: LineageStack[] = [];

  beforeAll(async () => {
    mlflow = await openMlflow();
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  afterAll(() => mlflow.close());

  async function start(vars: Record<string, string> = {}): Promise<LineageStack> {
    const one = await startLineageStack(mlflow, vars);
    open.push(one);
    return one;
  }
  const callsOf = ({ proxy }: LineageStack, path: string) =>
    proxy.calls.filter((call) => call.path.endsWith(path)).length;

  it('finds the run in an experiment that was made after the experiments were listed', async () => {
    const own = await start();
    const [early, workflow_id] = [own.newWorkflow(), own.newWorkflow()];
    const before = await own.run({ workflow_id: early, execution_id: EXECUTION });
    expect(
      (await own.read(await own.post({ workflow_id: early, execution_id: EXECUTION }))).run_id,
    ).toBe(before);
    const experimentId = await own.admin.createExperiment(`late ${own.tag}`);
    const runId = await own.run({ workflow_id, execution_id: EXECUTION }, { experimentId });
    const id = await own.post({ workflow_id, execution_id: EXECUTION });
    expect(await own.read(id)).toMatchObject({ run_id: runId, experiment_id: experimentId });
  });

  it('links it by repair, too', async () => {
    const own = await start();
    const workflow_id = own.newWorkflow();
    await own.read(await own.post({ workflow_id, execution_id: 'first' }));
    const experimentId = await own.admin.createExperiment(`late ${own.tag}`);
    const runId = await own.run({ workflow_id, execution_id: 'second' }, { experimentId });
    const id = await own.post({ workflow_id, execution_id: 'second' });
    const response = await own.stack.send('POST', '/api/lineage/repair', {});
    expect(response.status).toBe(200);
    const [artifact] = await own.list(`workflow_id=${workflow_id}&execution_id=second`);
    expect(artifact).toMatchObject({ id, run_id: runId, experiment_id: experimentId });
  });

  it('searches more than 1,000 experiments, however few MLflow lists at once', async () => {
    const own = await start();
    const names = Array.from({ length: 1_050 }, (_, i) => `one of many ${own.tag} ${i}`);
    const ids: string[] = [];
    const make = async () => {
      for (let next = names.shift(); next !== undefined; next = names.shift()) {
        ids.push(await own.admin.createExperiment(next));
      }
    };
    await Promise.all(Array.from({ length: HANDS }, make));
    own.proxy.fault = (call, response) => {
      const isList = call.path.endsWith('experiments/search');
      const body = isList
        ? JSON.stringify({ ...(JSON.parse(call.body) as object), max_results: 500 })
        : call.body;
      own.proxy.pass({ ...call, body }, response);
    };
    for (const experimentId of [ids[0], ids.at(-1)] as string[]) {
      const workflow_id = own.newWorkflow();
      const runId = await own.run({ workflow_id, execution_id: EXECUTION }, { experimentId });
      const id = await own.post({ workflow_id, execution_id: EXECUTION });
      expect(await own.read(id)).toMatchObject({ run_id: runId, experiment_id: experimentId });
    }
    expect(callsOf(own, 'experiments/search')).toBeGreaterThanOrEqual(3);
    expect(callsOf(own, 'runs/search')).toBe(2);
  });

  it('searches only the experiments that MLFLOW_EXPERIMENT_NAMES names', async () => {
    const named = `signals daily ${Date.now().toString(36)}`;
    const own = await start({ MLFLOW_EXPERIMENT_NAMES: `${named}, ${named} 2` });
    const [a, b] = [own.newWorkflow(), own.newWorkflow()];
    // None of them is there yet: said, and no failure of MLflow.
    const early = await own.read(
      await own.post({ workflow_id: own.newWorkflow(), execution_id: EXECUTION }),
    );
    expect(early.lineage.status).toBe('unavailable');
    expect(early.lineage.reason).toContain(
      `none of the experiments that MLFLOW_EXPERIMENT_NAMES names`,
    );
    expect(early.lineage.reason).toContain(named);

    const experimentId = await own.admin.createExperiment(`${named} 2`);
    const runId = await own.run({ workflow_id: a, execution_id: EXECUTION }, { experimentId });
    await own.run({ workflow_id: b, execution_id: EXECUTION });
    expect(
      await own.read(await own.post({ workflow_id: a, execution_id: EXECUTION })),
    ).toMatchObject({
      run_id: runId,
      experiment_id: experimentId,
    });
    expect(
      (await own.read(await own.post({ workflow_id: b, execution_id: EXECUTION }))).lineage,
    ).toMatchObject({ status: 'pending' });
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    [
      'a password and a workspace',
      { MLFLOW_USERNAME: 'ann', MLFLOW_PASSWORD: 'pässword: 1', MLFLOW_WORKSPACE: 'desk-7' },
      {
        authorization: `Basic ${Buffer.from('ann:pässword: 1').toString('base64')}`,
        'x-mlflow-workspace': 'desk-7',
      },
    ],
    ['a token', { MLFLOW_TOKEN: 'tok.en' }, { authorization: 'Bearer tok.en' }],
  ])('shows %s with every call', async (_, vars, expected) => {
    const own = await start(vars);
    own.proxy.fault = (call, response) => {
      const isKnown = Object.entries(expected).every(
        ([header, value]) => call.headers[header] === value,
      );
      // The server behind has neither accounts nor workspaces.
      const headers = Object.fromEntries(
        Object.entries(call.headers).filter(([header]) => expected[header] === undefined),
      );
      if (isKnown) own.proxy.pass({ ...call, headers }, response);
      else response.writeHead(401, { 'content-type': 'text/html' }).end('<h1>Who is there?</h1>');
    };
    const workflow_id = own.newWorkflow();
    const runId = await own.run({ workflow_id, execution_id: EXECUTION });
    const id = await own.post({ workflow_id, execution_id: EXECUTION });
    expect(await own.read(id)).toMatchObject({ run_id: runId, lineage: { status: 'linked' } });
    const { links } = await own.read(id);
    const workspace = vars['MLFLOW_WORKSPACE'];
    expect(
      links['mlflow_run']?.endsWith(
        `/runs/${runId}${workspace === undefined ? '' : '?workspace=desk-7'}`,
      ),
    ).toBe(true);
  });
});
