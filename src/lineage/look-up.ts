import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Budget } from '../upstream/budget.ts';
import type { UpstreamFailure } from '../upstream/upstream-failure.ts';
import { byRows, decideExecution, decideRun } from './decide.ts';
import { siblingRun, type ExecutionContext } from './execution-context.ts';
import { findEach, findRuns, type Findings } from './find-runs.ts';
import type { Miss } from './lineage-lookup.repository.ts';
import type { OutcomeRepository, Written } from './outcome.repository.ts';
import { outcomeLabel, type Finding, type FoundRun, type Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { asRemembered, asWritten, missOf, type LookFacts } from './settle.ts';
import type { SubjectRepository } from './subject.repository.ts';
import type { ExecutionSubject, RunSubject, Subject } from './subject.ts';
import { sweepRuns } from './sweep-runs.ts';

export interface LookUpDependencies {
  readonly subjects: SubjectRepository;
  readonly outcomes: OutcomeRepository;
  readonly mlflow: MlflowClient;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** One look-up of some subjects. */
export interface LookUp {
  readonly subjects: readonly Subject[];
  readonly policy: Policy;
  readonly budget: Budget;
  /** Where it is not time to ask, only our own rows answer. */
  readonly factsOf: (subject: Subject) => LookFacts;
  /** The artifacts in hand, to be read back after something was written. */
  readonly ids: readonly number[];
}

/** `current`: the artifacts in hand as they are now; none where nothing was written. */
export interface LookedUp extends Written {
  readonly outcomes: ReadonlyMap<Subject, Outcome>;
  /** MLflow failed before everything was asked. */
  readonly failure: UpstreamFailure | null;
}

/**
 * Finds the runs of executions, and the experiments of runs: reads what our own rows tell, asks
 * MLflow for the rest in the bounds of the budget, decides, and writes it once for all rows of each
 * subject. Throws what the database throws.
 */
export async function lookUp(deps: LookUpDependencies, look: LookUp): Promise<LookedUp> {
  const { policy, budget, factsOf, ids } = look;
  const isDue = (subject: Subject) => factsOf(subject).isDue;
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
    // What MLflow would not take for all together, it may take one by one.
    failure = alone !== null && swept.failure?.isOfThisRequest === true ? null : swept.failure;
  }
  if (alone !== null && failure === null) {
    const each = await findEach(mlflow, rest(), alone, budget);
    add(each.findings);
    failure = each.failure;
  }
  for (const [subject] of rest()) {
    const unfound = { kind: nameless.has(subject) ? 'partial' : 'unasked' } as const;
    findings.set(subject, failure === null ? unfound : { kind: 'failed', failure });
  }
  return { findings, failure };
}

/** Writes it down, and turns what could not be written into what it is. */
async function writeOutcomes(
  { outcomes: repository, log }: LookUpDependencies,
  outcomes: Map<Subject, Outcome>,
  { policy, factsOf, ids }: LookUp,
): Promise<Written> {
  const links: FoundRun[] = [];
  const completions: FoundRun[] = [];
  for (const [subject, outcome] of outcomes) {
    if (outcome.kind !== 'linked') continue;
    if (subject.kind === 'execution') links.push(outcome.run);
    else if (outcome.source === 'mlflow') completions.push(outcome.run);
  }
  const linked = links.length === 0 ? NOTHING : await repository.link(links, ids);
  if (linked.linked.length > 0)
    log.info('lineage.linked', { artifacts: linked.linked.length, executions: links.length });
  const completed =
    completions.length === 0 ? NOTHING : await repository.complete(completions, ids);
  const misses: Miss[] = [];
  for (const [subject, outcome] of outcomes) {
    const facts = factsOf(subject);
    const settled = asRemembered(asWritten(subject, outcome, linked), policy, facts);
    outcomes.set(subject, settled);
    const miss = missOf(settled);
    if (miss !== null && facts.isDue) misses.push({ subject, missed: miss });
  }
  const remembered = misses.length === 0 ? NOTHING : await repository.remember(misses, ids);
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
