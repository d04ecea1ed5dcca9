import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Budget } from '../upstream/budget.ts';
import type { UpstreamFailure } from '../upstream/upstream-failure.ts';
import { byRows, decideExecution, decideRun } from './decide.ts';
import { siblingRun, type ExecutionContext } from './execution-context.ts';
import { findEach, findRuns, type Findings } from './find-runs.ts';
import type { OutcomeRepository, Written } from './outcome.repository.ts';
import { outcomeLabel, type Finding, type Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { asRemembered, asWritten, missedAmong, runsToWrite, type LookTerms } from './settle.ts';
import type { SubjectRepository } from './subject.repository.ts';
import type { ExecutionSubject, RunSubject, Subject } from './subject.ts';
import { sweepRuns } from './sweep-runs.ts';
import { endingFailure, unfound } from './unfound.ts';

export interface LookUpDependencies {
  readonly subjects: SubjectRepository;
  readonly outcomes: OutcomeRepository;
  readonly mlflow: MlflowClient;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Which subjects are to be looked up, and how. */
export interface LookUpRequest {
  readonly subjects: readonly Subject[];
  readonly policy: Policy;
  readonly budget: Budget;
  /** Where it is not time to ask, only our own rows answer. */
  readonly termsOf: (subject: Subject) => LookTerms;
  /** The artifacts in hand, to be read back after something was written. */
  readonly ids: readonly number[];
}

/**
 * What came of a look-up. `current`: the artifacts in hand as they are now; none where nothing was
 * written.
 */
export interface LookUpReport extends Written {
  readonly outcomes: ReadonlyMap<Subject, Outcome>;
  /** MLflow failed before everything was asked. */
  readonly failure: UpstreamFailure | null;
}

/**
 * Finds the runs of executions, and the experiments of runs: reads what our own rows tell, asks
 * MLflow for the rest within the budget, decides, and writes it once for all rows of each subject.
 * Throws what the database throws.
 */
export async function lookUp(deps: LookUpDependencies, look: LookUpRequest): Promise<LookUpReport> {
  const { policy, budget, termsOf, ids } = look;
  const isDue = (subject: Subject) => termsOf(subject).isDue;
  const executions = look.subjects.filter((subject) => subject.kind === 'execution');
  const runs = look.subjects.filter((subject) => subject.kind === 'run').filter(isDue);
  const outcomes = new Map<Subject, Outcome>();

  const contexts = await deps.subjects.contextsOf(executions, isDue);
  const known = runs.length === 0 ? NOTHING : await completeFromRows(deps.outcomes, runs, ids);
  for (const [subject, outcome] of known.outcomes) outcomes.set(subject, outcome);
  for (const [subject, context] of contexts) {
    const outcome = decideExecution(subject, context, null);
    if (outcome !== null) outcomes.set(subject, outcome);
    else if (!isDue(subject)) outcomes.set(subject, { kind: 'left' });
  }
  for (const subject of runs) {
    const outcome = outcomes.has(subject) ? null : decideRun(subject, null);
    if (outcome !== null) outcomes.set(subject, outcome);
  }

  const askedExecutions = new Map([...contexts].filter(([subject]) => !outcomes.has(subject)));
  const found = await findExecutions(deps.mlflow, askedExecutions, policy, budget);
  for (const [subject, context] of askedExecutions) {
    const finding = found.findings.get(subject) ?? { kind: 'unasked' };
    outcomes.set(subject, decideExecution(subject, context, finding) ?? { kind: 'left' });
  }
  const askedRuns = runs.filter((subject) => !outcomes.has(subject));
  const named = await findRuns(deps.mlflow, askedRuns, policy, budget);
  for (const [subject, finding] of named.findings)
    outcomes.set(subject, decideRun(subject, finding) ?? { kind: 'left' });

  const written = await writeOutcomes(deps, outcomes, look);
  for (const outcome of outcomes.values())
    deps.metrics.count('lineage_lookup', {
      trigger: policy.trigger,
      outcome: outcomeLabel(outcome),
    });
  return {
    outcomes,
    linked: [...known.linked, ...written.linked],
    current: written.current.length > 0 ? written.current : known.current,
    failure: found.failure ?? named.failure,
  };
}

const NOTHING = { linked: [], conflicts: [], current: [], outcomes: [] } as const;

/** Runs whose experiment other rows or look-ups know. */
async function completeFromRows(
  repository: OutcomeRepository,
  runs: readonly RunSubject[],
  ids: readonly number[],
) {
  const runIds = runs.map(({ runId }) => runId);
  const { linked, current } = await repository.completeFromKnown(runIds, ids);
  const experiments = new Map(linked.map(({ runId, experimentId }) => [runId, experimentId]));
  const outcomes = runs.flatMap((subject) => {
    const experimentId = experiments.get(subject.runId);
    return experimentId === undefined ? [] : [[subject, byRows(subject, experimentId)] as const];
  });
  return { outcomes, linked, current };
}

/** Searches for all together, and a look-up of its own for what they leave, as the policy says. */
async function findExecutions(
  mlflow: MlflowClient,
  executions: ReadonlyMap<ExecutionSubject, ExecutionContext>,
  { sweep, alone }: Policy,
  budget: Budget,
): Promise<Findings<ExecutionSubject>> {
  const findings = new Map<ExecutionSubject, Finding>();
  const add = (more: ReadonlyMap<ExecutionSubject, Finding>) => {
    for (const [subject, finding] of more) findings.set(subject, finding);
  };
  const rest = () => new Map([...executions].filter(([subject]) => !findings.has(subject)));
  // A run that siblings name is asked for by name.
  const nameless = new Map([...executions].filter(([, context]) => siblingRun(context) === null));
  let failure: UpstreamFailure | null = null;
  if (sweep !== null && nameless.size >= sweep.executionsMin) {
    const swept = await sweepRuns(mlflow, nameless, budget, sweep);
    add(swept.findings);
    failure = endingFailure(swept.failure, alone);
  }
  if (alone !== null && failure === null) {
    const each = await findEach(mlflow, rest(), alone, budget);
    add(each.findings);
    failure = each.failure;
  }
  for (const [subject] of rest()) findings.set(subject, unfound(nameless.has(subject), failure));
  return { findings, failure };
}

/** Writes it down, and turns what could not be written into what it is. */
async function writeOutcomes(
  { outcomes: repository, log }: LookUpDependencies,
  outcomes: Map<Subject, Outcome>,
  { policy, termsOf, ids }: LookUpRequest,
): Promise<Written> {
  const { links, completions } = runsToWrite(outcomes);
  const linked = links.length === 0 ? NOTHING : await repository.link(links, ids);
  if (linked.linked.length > 0)
    log.info('lineage.linked', { artifacts: linked.linked.length, executions: links.length });
  const completed =
    completions.length === 0 ? NOTHING : await repository.complete(completions, ids);
  for (const [subject, outcome] of outcomes) {
    const written = asWritten(subject, outcome, linked);
    outcomes.set(subject, asRemembered(written, policy, termsOf(subject)));
  }
  const missed = missedAmong(outcomes, (subject) => termsOf(subject).isDue);
  const remembered = missed.length === 0 ? NOTHING : await repository.remember(missed, ids);
  const all = [linked, completed, remembered];
  const last = all.findLast(({ current }) => current.length > 0);
  const isChanged = [...outcomes.values()].some(({ kind }) => kind === 'changed');
  // Somebody else has written what is to be told.
  const other = last === undefined && isChanged && ids.length > 0 ? repository.readBack(ids) : null;
  return {
    linked: [...linked.linked, ...completed.linked],
    current: last?.current ?? (await other)?.current ?? [],
  };
}
