import type { Reason } from './outcome.ts';

/** How many workflows a sentence names, and how many characters of each. */
const NAMES_MAX = 3;
const NAME_MAX_CHARACTERS = 60;

const NAMELESS = 'The artifact names no workflow';
const NO_EXPERIMENT = 'so its experiment is not known.';

/**
 * The sentence that a person reads in `lineage.reason`. For people only: nothing compares it.
 */
export function sentenceOf(reason: Reason): string {
  switch (reason.code) {
    case 'no_run_yet':
      return 'No run of this execution was found in MLflow yet; it is looked for again.';
    case 'no_experiment_yet': {
      const what = 'The experiment of the run that this artifact names';
      return `${what} was not found in MLflow yet; it is asked again.`;
    }
    case 'out_of_budget': {
      const late = 'not in time for everything that has to be asked';
      return `MLflow answers, but ${late}; it is asked again.`;
    }
    case 'unwritable_id': {
      const what = 'The execution_id holds both kinds of quotation marks';
      return `${what}, which no MLflow filter can ask for.`;
    }
    case 'several_workflows_of_dag': {
      const runs = `runs of ${listed(reason.workflows)}`;
      return `The artifact names only a DAG, and ${runs} have its execution_id there.`;
    }
    case 'nameless_run': {
      const run = "A run has this execution's date but names no workflow";
      return `${run}, and ${listed(reason.workflows)} ran at the same time.`;
    }
    case 'nameless_artifact': {
      const others = `${listed(reason.workflows)} has artifacts`;
      return `${NAMELESS}, and ${others} of the same execution_id.`;
    }
    case 'nameless_artifact_many_runs':
      return `${NAMELESS}, and runs of ${listed(reason.workflows)} have its execution_id.`;
    case 'unknown_sibling_run': {
      const run = `run ${reason.runId}, which MLflow does not know`;
      return `Another artifact of this execution names ${run}.`;
    }
    case 'other_experiment': {
      const run = `run ${reason.runId} for this execution, in experiment ${reason.experimentId}`;
      return `MLflow has ${run}, but the artifact names another experiment.`;
    }
    case 'unknown_run':
      return `MLflow does not know the run that this artifact names, ${NO_EXPERIMENT}`;
    case 'no_mlflow_id':
      return `The run_id is not one that MLflow gives, ${NO_EXPERIMENT}`;
    case 'mlflow_failed':
      return reason.message;
  }
}

/** The sentence once a subject has been looked for often. */
export function finalSentenceOf(reason: Reason): string {
  if (reason.code !== 'no_run_yet') return sentenceOf(reason);
  const often = 'however often it was looked for; it is still looked for once an hour';
  const hidden = 'Runs of deleted or unreadable experiments do not show.';
  return `MLflow has no run of this execution, ${often}. ${hidden}`;
}

function listed(names: readonly string[]): string {
  const quoted = names.slice(0, NAMES_MAX).map((name) => `"${name.slice(0, NAME_MAX_CHARACTERS)}"`);
  return quoted.join(' and ');
}
