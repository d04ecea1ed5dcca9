import type { KeptExperiment, KeptRun } from './store.ts';

const lifecycle = ({ isDeleted }: { isDeleted: boolean }) => (isDeleted ? 'deleted' : 'active');
const pairs = (values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .map(([key, value]) => ({ key, value }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));

/** A run as MLflow's REST API writes it: lists that would be empty are left out. */
export function wireRun(run: KeptRun) {
  const metrics = Object.entries(run.metrics).map(([key, { value, timestamp, step }]) => ({
    key,
    value,
    timestamp,
    step,
  }));
  return {
    info: {
      run_uuid: run.id,
      experiment_id: run.experimentId,
      run_name: run.name,
      user_id: '',
      status: run.status,
      start_time: run.startTime,
      ...(run.endTime === null ? {} : { end_time: run.endTime }),
      artifact_uri: `mlflow-artifacts:/${run.experimentId}/${run.id}/artifacts`,
      lifecycle_stage: lifecycle(run),
      run_id: run.id,
    },
    data: {
      ...(metrics.length === 0 ? {} : { metrics }),
      ...(Object.keys(run.params).length === 0 ? {} : { params: pairs(run.params) }),
      ...(Object.keys(run.tags).length === 0 ? {} : { tags: pairs(run.tags) }),
    },
    inputs: {},
    outputs: {},
  };
}

export function wireExperiment(experiment: KeptExperiment) {
  const tags = pairs(experiment.tags);
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: `mlflow-artifacts:/${experiment.id}`,
    lifecycle_stage: lifecycle(experiment),
    last_update_time: experiment.createdAt,
    creation_time: experiment.createdAt,
    ...(tags.length === 0 ? {} : { tags }),
  };
}
