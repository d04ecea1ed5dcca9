-- The workflow artifacts. The table may already be there, with data and owned by someone else: then it is used as it
-- is, and nothing is added to it.
do $$
begin
  if to_regclass('artifacts') is not null then
    return;
  end if;
  create table artifacts (
    id serial primary key,
    name varchar(255) not null,
    type varchar(50) not null,
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
    created_at timestamptz not null default now(),
    updated_at timestamptz
  );
  create index on artifacts (workflow_id);
  create index on artifacts (execution_id);
  create index on artifacts (step_name);
  create index on artifacts (dag_id);
  create index on artifacts (workflow_id, execution_id);
  create index on artifacts (type);
  create index on artifacts (symbol);
  create index on artifacts (created_at);
end
$$;

-- What was drawn: one row per render key. No foreign key in either table below, because `artifacts` is not ours.
create table chart_render (
  render_key char(32) primary key,
  snapshot_sha256 char(64) not null,
  png_sha256 char(64) not null,
  pixel_sha256 char(64) not null,
  bucket text not null,
  object_key text not null,
  byte_size integer not null,
  width integer not null,
  height integer not null,
  symbol text not null,
  timeframe text not null,
  bar_count integer not null,
  first_bar timestamptz not null,
  last_bar timestamptz not null,
  renderer text not null,
  spec jsonb not null,
  render_ms integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz
);
create index on chart_render (pixel_sha256);
create index on chart_render (snapshot_sha256);
create index on chart_render (bucket, object_key);

-- Which artifact shows which render, and why it had to be drawn.
create table artifact_render (
  artifact_id integer not null,
  render_key char(32) not null,
  reason text not null,
  detail text,
  created_at timestamptz not null default now(),
  primary key (artifact_id, render_key)
);
create index on artifact_render (render_key);

-- A POST that may be repeated within a day.
create table idempotency_key (
  key text,
  caller text,
  request_sha256 char(64) not null,
  status text not null check (status in ('running', 'done')),
  artifact_id integer,
  locked_until timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (caller, key)
);
create index on idempotency_key (created_at);

-- What the cron found out about a dependency; /readyz shows it without asking again.
create table dependency_probe (
  name text primary key,
  ok boolean not null,
  detail text not null,
  checked_at timestamptz not null default now()
);
