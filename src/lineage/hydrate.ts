import type { Lineage } from '../artifact/artifact.schema.ts';
import { createFlights, type Flights } from '../concurrency/share-flight.ts';
import { failure } from '../errors.ts';
import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import { createBudget } from '../upstream/budget.ts';
import { deriveLineage, overlay, type ArtifactRecord } from './derive-lineage.ts';
import { dueSubjects } from './due.ts';
import { leftoversOf } from './leftovers.ts';
import type { LookBehind } from './look-behind.ts';
import { lookUp, type LookUpReport, type LookUpDependencies } from './look-up.ts';
import { mlflowNews } from './mlflow-news.ts';
import { ONE, PAGE, type Policy } from './policy.ts';
import { subjectKey, subjectOf, subjectsOf, type Subject } from './subject.ts';
import { toldLineage } from './told-lineage.ts';

/** A record with the lineage that is told of it. */
export interface HydratedArtifact {
  readonly record: ArtifactRecord;
  readonly lineage: Lineage;
}

export interface HydrationDependencies extends Omit<LookUpDependencies, 'mlflow'> {
  /** Null: not configured; `mlflowProblem` says why. */
  readonly mlflow: MlflowClient | null;
  readonly mlflowProblem: string | null;
  readonly behind: LookBehind;
  /** Rows as they are now. */
  readonly findRecords: (ids: readonly number[]) => Promise<ArtifactRecord[]>;
  /** Tells those who ask how MLflow is that it failed (a sentence), or works again (null). */
  readonly reportMlflow: (problem: string | null) => Promise<void>;
  /** Lets work end after the answer to its request. */
  readonly defer: (work: Promise<unknown>) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Hydration {
  /** What is known without asking anybody. */
  known(record: ArtifactRecord): HydratedArtifact;
  /**
   * Looks the run up when it is not known. Never throws: an artifact is readable without its
   * lineage.
   */
  one(record: ArtifactRecord): Promise<HydratedArtifact>;
  /** The same for the artifacts of one execution. */
  execution(records: readonly ArtifactRecord[]): Promise<HydratedArtifact[]>;
  /**
   * The same for a page, with few calls whatever its length; what they do not find stays `pending`.
   */
  many(records: readonly ArtifactRecord[]): Promise<HydratedArtifact[]>;
}

/** What a look-up may take beyond its time with MLflow, to write down what it found. */
const WRITING_MS = 1_000;

export function createHydration(deps: HydrationDependencies): Hydration {
  const { mlflow, log, now, defer } = deps;
  const flights: Flights<HydratedArtifact, never> = createFlights({ defer });
  let hasReportedProblem = false;

  const known = (record: ArtifactRecord): HydratedArtifact => ({
    record,
    lineage: deriveLineage(record, deps.mlflowProblem),
  });

  async function report(looked: Pick<LookUpReport, 'failure'>, hasAsked: boolean): Promise<void> {
    const news = mlflowNews({ failure: looked.failure, hasAsked }, hasReportedProblem);
    if (news === null) return;
    hasReportedProblem = news.problem !== null;
    // Nobody who reads an artifact waits for this, or goes without an answer for it.
    await deps.reportMlflow(news.problem).catch(() => {});
  }

  /** Looks up what is not known of the records. Throws what the database throws. */
  async function look(
    client: MlflowClient,
    records: readonly ArtifactRecord[],
    policy: Policy,
  ): Promise<HydratedArtifact[]> {
    const budget = createBudget(policy.budget, now);
    const due = dueSubjects(records, policy, now());
    const isAskable = client.outage() === null;
    const isDue = (subject: Subject) => isAskable && due.has(subjectKey(subject));
    const subjects = subjectsOf(records.map(({ row }) => row));
    const looked = await lookUp(
      { ...deps, mlflow: client },
      {
        subjects: [...subjects.values()],
        policy,
        budget,
        termsOf: (subject) => ({ isDue: isDue(subject), isCounted: false }),
        ids: records.map(({ row }) => row.id),
      },
    );
    await report(looked, budget.taken() > 0);
    const leftovers = leftoversOf(looked, isDue);
    if (leftovers.length > 0) deps.behind.add(leftovers);
    const outcomes = new Map([...looked.outcomes].map(([one, told]) => [subjectKey(one), told]));
    const current = new Map(looked.current.map((one) => [one.row.id, one]));
    return records.map((record) => {
      const subject = subjectOf(record.row);
      const key = subject === null ? '' : subjectKey(subject);
      const outcome = outcomes.get(key) ?? { kind: 'left' };
      const outage = due.has(key) ? client.outage() : null;
      const { record: latest, lineage } = known(overlay(record, current.get(record.row.id)));
      return { record: latest, lineage: toldLineage(lineage, outcome, outage) };
    });
  }

  async function hydrate(
    records: readonly ArtifactRecord[],
    policy: Policy,
  ): Promise<HydratedArtifact[]> {
    const unlinked = records.filter(({ row }) => subjectOf(row) !== null);
    if (mlflow === null || unlinked.length === 0) return records.map(known);
    try {
      const looking = look(mlflow, unlinked, policy);
      // A client that hangs up takes nothing with it.
      defer(looking.catch(() => {}));
      const hydrated = await looking;
      const byRecord = new Map(unlinked.map((record, i) => [record, hydrated[i]]));
      return records.map((record) => byRecord.get(record) ?? known(record));
    } catch (error) {
      // The artifact was read; that its lineage could not be read or written now is no reason to
      // withhold it.
      log.warn('lineage.hydrate_failed', { artifacts: unlinked.length, ...failure(error) });
      return records.map(known);
    }
  }

  /** Readers of one execution that come together ask once. */
  async function share(record: ArtifactRecord, key: string): Promise<HydratedArtifact> {
    const patientUntil = now() + ONE.budget.lastsMs + WRITING_MS;
    const hydrated = await flights.share<HydratedArtifact | null>(key, {
      lead: async () => ({ value: (await hydrate([record], ONE))[0] ?? known(record) }),
      take({ settled }, role) {
        if (role === 'follower') return settled !== null || now() > patientUntil ? null : undefined;
        return settled?.ok === true ? settled.value : undefined;
      },
    });
    if (hydrated !== null) return hydrated;
    const [current] = await deps.findRecords([record.row.id]).catch(() => []);
    return known(current ?? record);
  }

  return {
    known,
    async one(record) {
      const subject = subjectOf(record.row);
      if (subject === null || mlflow === null) return known(record);
      return share(record, subjectKey(subject));
    },
    execution: (records) => hydrate(records, ONE),
    many: (records) => hydrate(records, PAGE),
  };
}
