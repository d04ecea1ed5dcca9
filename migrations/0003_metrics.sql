-- What isolates counted, added up for all of them. Rows are few and written often, so pages keep room for their updates.
CREATE TABLE IF NOT EXISTS metric_counter (
  name text NOT NULL,
  labels jsonb NOT NULL,
  value double precision NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, labels)
) WITH (fillfactor = 50);
--> statement-breakpoint
-- The last batch of counts of each isolate, so that one whose answer was lost counts once when it is sent again.
CREATE TABLE IF NOT EXISTS metric_batch (
  isolate uuid PRIMARY KEY,
  sequence integer NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
--> statement-breakpoint
-- Counts that need the whole artifacts table, taken at most once a minute by whoever moves next_at.
CREATE TABLE IF NOT EXISTS metric_snapshot (
  name text PRIMARY KEY,
  next_at timestamptz NOT NULL,
  taken_at timestamptz,
  took_ms double precision,
  facts jsonb,
  -- Up to when the ledger has been added to metric_counter.
  ledger_until timestamptz
);
--> statement-breakpoint
-- What was drawn since the ledger was last counted.
CREATE INDEX IF NOT EXISTS chart_render_drawn_at_idx ON chart_render ((coalesce(updated_at, created_at)));
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS artifact_render_created_at_idx ON artifact_render (created_at);
