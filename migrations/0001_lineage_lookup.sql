-- What a look-up in MLflow found out, kept beside the users' table: of a run that artifacts name, or of an execution
-- whose run is not known yet. Nothing of it is needed for an artifact to be readable.
CREATE TABLE IF NOT EXISTS lineage_lookup (
  kind text NOT NULL CHECK (kind IN ('execution', 'run')),
  -- Of an execution: its workflow_id, else dag_id, else ''. Of a run: ''.
  workflow text NOT NULL,
  -- execution_id or run_id.
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('linked', 'pending', 'unresolved', 'unavailable')),
  reason text,
  -- Of a run: what its tags say, and by which of them the execution was recognised.
  experiment_id text,
  airflow_dag_id text,
  airflow_run_id text,
  workflow_name text,
  shape text,
  -- Look-ups so far that found nothing; the next one waits until next_check_at.
  attempts integer NOT NULL DEFAULT 0,
  first_checked_at timestamptz NOT NULL DEFAULT now(),
  checked_at timestamptz NOT NULL DEFAULT now(),
  next_check_at timestamptz,
  PRIMARY KEY (kind, workflow, name)
);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS lineage_lookup_status_idx ON lineage_lookup (status, checked_at);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS lineage_lookup_workflow_name_idx ON lineage_lookup (workflow_name) WHERE workflow_name IS NOT NULL;
