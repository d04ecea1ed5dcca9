import type { ArtifactRow } from '../artifact/artifact.table.ts';
import { parseExecutionId, type ExecutionId } from './execution-id.ts';

/** An execution whose rows name no run. */
export interface ExecutionSubject {
  readonly kind: 'execution';
  readonly id: ExecutionId;
  /** workflow_id, else dag_id, else ''. */
  readonly workflow: string;
  /** Null: it names a DAG at most, which several workflows may share. */
  readonly workflowId: string | null;
  /** workflow_id and dag_id of its rows, as far as they have them. */
  readonly workflows: readonly string[];
}

/** A run whose experiment no row names. */
export interface RunSubject {
  readonly kind: 'run';
  readonly runId: string;
}

/** What a look-up is about. */
export type Subject = ExecutionSubject | RunSubject;

/** The columns that say which subject a row belongs to. */
export type SubjectColumns = Pick<
  ArtifactRow,
  'run_id' | 'experiment_id' | 'execution_id' | 'workflow_id' | 'dag_id'
>;

/** What a subject is remembered under; it tells subjects apart. */
export function subjectKey(subject: Subject): string {
  return subject.kind === 'run'
    ? JSON.stringify(['run', '', subject.runId])
    : executionKey(subject.workflow, subject.id.text);
}

export function executionKey(workflow: string, executionId: string): string {
  return JSON.stringify(['execution', workflow, executionId]);
}

/** Null: everything is known of the row's run, or there is no name to ask by. */
export function subjectOf(row: SubjectColumns): Subject | null {
  const { run_id, experiment_id, execution_id, workflow_id, dag_id } = row;
  if (run_id !== null && run_id !== '')
    return experiment_id === null ? { kind: 'run', runId: run_id } : null;
  if (run_id !== null || execution_id === null || execution_id === '') return null;
  return {
    kind: 'execution',
    id: parseExecutionId(execution_id),
    workflow: workflow_id ?? dag_id ?? '',
    workflowId: workflow_id,
    workflows: [workflow_id, dag_id].filter((name) => name !== null && name !== '') as string[],
  };
}

/** The subjects of rows, by key; rows of one execution may name several workflows together. */
export function subjectsOf(rows: readonly SubjectColumns[]): Map<string, Subject> {
  const subjects = new Map<string, Subject>();
  for (const row of rows) {
    const subject = subjectOf(row);
    if (subject === null) continue;
    const key = subjectKey(subject);
    const known = subjects.get(key);
    const isBoth = subject.kind === 'execution' && known?.kind === 'execution';
    const workflows = isBoth ? [...new Set([...known.workflows, ...subject.workflows])] : [];
    subjects.set(key, isBoth ? { ...subject, workflows } : subject);
  }
  return subjects;
}
