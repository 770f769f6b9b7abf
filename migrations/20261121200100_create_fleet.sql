CREATE TABLE environments (
    name text PRIMARY KEY CHECK (name <> ''),
    generation bigint NOT NULL CHECK (generation > 0),
    spec jsonb NOT NULL,
    project_id text NOT NULL GENERATED ALWAYS AS (spec #>> '{environment,project_id}') STORED,
    declared_by bigint NOT NULL REFERENCES changes,
    declared_at timestamptz NOT NULL,
    observed_generation bigint NOT NULL DEFAULT 0 CHECK (observed_generation BETWEEN 0 AND generation),
    -- What Compute Engine holds, but for the instances: each of them is a row of its own.
    observed jsonb,
    observed_at timestamptz,
    conditions jsonb NOT NULL DEFAULT '[]',
    CHECK ((observed IS NULL) = (observed_at IS NULL))
);

CREATE TABLE templates (
    environment text NOT NULL REFERENCES environments,
    name text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    -- Compute Engine's name of it, which carries a digest of the content.
    resource_name text NOT NULL,
    spec jsonb NOT NULL,
    declared_by bigint NOT NULL REFERENCES changes,
    declared_at timestamptz NOT NULL,
    PRIMARY KEY (environment, name, version),
    UNIQUE (environment, name, resource_name)
);

CREATE TABLE pools (
    environment text NOT NULL REFERENCES environments,
    name text NOT NULL,
    -- Where it stands in the declaration.
    position integer NOT NULL,
    generation bigint NOT NULL CHECK (generation > 0),
    spec jsonb NOT NULL,
    declared_by bigint NOT NULL REFERENCES changes,
    declared_at timestamptz NOT NULL,
    observed_generation bigint NOT NULL DEFAULT 0 CHECK (observed_generation BETWEEN 0 AND generation),
    status jsonb,
    conditions jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (environment, name)
);

-- What Compute Engine lists. No reference to pools: a pool leaves the declaration before its last VM is gone.
CREATE TABLE instances (
    environment text NOT NULL REFERENCES environments,
    zone text NOT NULL,
    name text NOT NULL,
    pool text NOT NULL,
    instance_group text NOT NULL,
    instance_id text,
    body jsonb NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (environment, zone, name)
);

CREATE INDEX instances_by_pool ON instances (environment, pool, name);
CREATE INDEX instances_by_id ON instances (instance_id) WHERE instance_id IS NOT NULL;

-- The newest heartbeat of each incarnation of a VM. Rewritten every few seconds: the free space keeps updates on their page.
CREATE TABLE heartbeats (
    environment text NOT NULL,
    name text NOT NULL,
    instance_id text NOT NULL,
    boot_id text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    body jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (environment, name, instance_id)
) WITH (fillfactor = 50);
