/**
 * What links to runs and experiments open: the run as the stand-in knows it, read through its own
 * API.
 */
export const MLFLOW_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Local MLflow</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2.5rem auto; padding: 0 1.25rem; color: #1f2933; }
  h1 { font-size: 1.4rem; margin: 0 0 .25rem; } .note { color: #627282; margin: 0 0 1.5rem; }
  table { border-collapse: collapse; width: 100%; margin: 0 0 1.5rem; } caption { text-align: left; font-weight: 600; padding: .25rem 0; }
  th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid #e3e8ee; vertical-align: top; overflow-wrap: anywhere; }
  th { font-weight: 500; color: #52606d; width: 14rem; } a { color: #1668b8; }
</style>
<main id="main"><p>Reading …</p></main>
<script>
  const main = document.getElementById('main');
  const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const api = (path, body) => fetch('api/2.0/mlflow/' + path, body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    .then((response) => response.json());
  function table(title, rows) {
    const made = document.createElement('table');
    made.append(element('caption', title));
    for (const [name, value] of rows) {
      const row = document.createElement('tr');
      const cell = element('td', value instanceof Node ? '' : String(value));
      if (value instanceof Node) cell.append(value);
      row.append(element('th', name), cell);
      made.append(row);
    }
    return rows.length === 0 ? '' : made;
  }
  const link = (text, href) => Object.assign(element('a', text), { href });
  const head = (title) => [element('h1', title), Object.assign(element('p', 'This is the stand-in for MLflow that npm start brings up; it shows what lineage links to, and no more.'), { className: 'note' })];
  const time = (ms) => (ms ? new Date(Number(ms)).toISOString() : 'unknown');
  async function showRun(id) {
    const { run, message } = await api('runs/get?run_id=' + encodeURIComponent(id));
    if (!run) return [...head('Run ' + id), element('p', message)];
    const pairs = (list) => (list || []).map(({ key, value }) => [key, value]);
    const { info, data } = run;
    return [...head(info.run_name), table('Run', [['run_id', info.run_id], ['experiment', link(info.experiment_id, '#/experiments/' + info.experiment_id)], ['status', info.status], ['started', time(info.start_time)], ['ended', time(info.end_time)]]),
      table('Tags', pairs(data.tags)), table('Parameters', pairs(data.params)), table('Metrics', pairs(data.metrics))];
  }
  async function showExperiment(id) {
    const [{ experiment, message }, { runs = [] }] = await Promise.all([api('experiments/get?experiment_id=' + encodeURIComponent(id)), api('runs/search', { experiment_ids: [id], max_results: 100 })]);
    if (!experiment) return [...head('Experiment ' + id), element('p', message)];
    return [...head(experiment.name), table('Runs', runs.map(({ info }) => [time(info.start_time), link(info.run_name, '#/experiments/' + id + '/runs/' + info.run_id)]))];
  }
  async function showAll() {
    const { experiments = [] } = await api('experiments/search', { max_results: 100 });
    return [...head('Experiments'), table('', experiments.map((one) => [one.experiment_id, link(one.name, '#/experiments/' + one.experiment_id)]))];
  }
  async function show() {
    const [, experiment, run] = /^#\\/experiments\\/([^/?]+)(?:\\/runs\\/([^/?]+))?/.exec(location.hash) || [];
    const decoded = (part) => decodeURIComponent(part);
    main.replaceChildren(...(run ? await showRun(decoded(run)) : experiment ? await showExperiment(decoded(experiment)) : await showAll()));
  }
  addEventListener('hashchange', show);
  show();
</script>
</html>
`;
