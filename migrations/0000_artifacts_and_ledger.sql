-- Creates what is missing. An `artifacts` table that is already there is the user's: no column, index, trigger or
-- foreign key is ever put on it.
DO $$
BEGIN
  IF to_regclass('artifacts') IS NULL THEN
    CREATE TABLE artifacts (
      id serial PRIMARY KEY,
      name varchar(255) NOT NULL,
      type varchar(50) NOT NULL,
      symbol varchar(50),
      run_id varchar(255),
      experiment_id varchar(255),
      workflow_id varchar(255),
      execution_id varchar(255),
      step_name varchar(100),
      dag_id varchar(255),
      task_id varchar(255),
      prompt text,
      response text,
      prompt_length integer,
      response_length integer,
      model_name varchar(100),
      image_path text,
      chart_type varchar(50),
      chart_data jsonb,
      action varchar(20),
      confidence decimal(3, 2),
      signal_data jsonb,
      artifact_metadata jsonb,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz
    );
    CREATE INDEX artifacts_workflow_id_idx ON artifacts (workflow_id);
    CREATE INDEX artifacts_execution_id_idx ON artifacts (execution_id);
    CREATE INDEX artifacts_step_name_idx ON artifacts (step_name);
    CREATE INDEX artifacts_dag_id_idx ON artifacts (dag_id);
    CREATE INDEX artifacts_workflow_id_execution_id_idx ON artifacts (workflow_id, execution_id);
    CREATE INDEX artifacts_type_idx ON artifacts (type);
    CREATE INDEX artifacts_symbol_idx ON artifacts (symbol);
    CREATE INDEX artifacts_created_at_idx ON artifacts (created_at);
  END IF;
END
$$;
--> statement-breakpoint
-- The ledger: which bytes and pixels were drawn under a render key.
CREATE TABLE IF NOT EXISTS chart_render (
  render_key char(32) PRIMARY KEY,
  snapshot_sha256 char(64) NOT NULL,
  png_sha256 char(64) NOT NULL,
  pixel_sha256 char(64) NOT NULL,
  bucket text NOT NULL,
  object_key text NOT NULL,
  byte_size integer NOT NULL,
  width integer NOT NULL,
  height integer NOT NULL,
  symbol text NOT NULL,
  timeframe text NOT NULL,
  bar_count integer NOT NULL,
  first_bar timestamptz NOT NULL,
  last_bar timestamptz NOT NULL,
  renderer text NOT NULL,
  spec jsonb NOT NULL,
  render_ms integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz
);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS chart_render_pixel_sha256_idx ON chart_render (pixel_sha256);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS chart_render_snapshot_sha256_idx ON chart_render (snapshot_sha256);
--> statement-breakpoint
-- Which artifact shows which render, and why it had to be drawn.
CREATE TABLE IF NOT EXISTS artifact_render (
  artifact_id integer NOT NULL,
  render_key char(32) NOT NULL,
  reason text NOT NULL,
  detail text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (artifact_id, render_key)
);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS artifact_render_render_key_idx ON artifact_render (render_key);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS idempotency_key (
  caller text NOT NULL,
  key text NOT NULL,
  request_sha256 char(64) NOT NULL,
  status text NOT NULL CHECK (status IN ('running', 'done')),
  artifact_id integer,
  locked_until timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (caller, key)
);
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS idempotency_key_created_at_idx ON idempotency_key (created_at);
--> statement-breakpoint
-- What a cron found out about a dependency; requests only read it.
CREATE TABLE IF NOT EXISTS dependency_probe (
  name text PRIMARY KEY,
  ok boolean NOT NULL,
  detail text NOT NULL,
  checked_at timestamptz NOT NULL DEFAULT now()
);
