-- The state of each agent as it is shown, written when it changes. The brake and the alerts judge by it.
CREATE TABLE instance_health (
    environment text NOT NULL,
    zone text NOT NULL,
    name text NOT NULL,
    instance_id text,
    pool text NOT NULL,
    state text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (environment, zone, name)
);

-- Each change of such a state. The audit log has those that begin or end a failure; this has all, for a while.
CREATE TABLE health_transitions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL,
    zone text NOT NULL,
    name text NOT NULL,
    instance_id text,
    pool text NOT NULL,
    before text,
    after text NOT NULL,
    at timestamptz NOT NULL
);

CREATE INDEX health_transitions_by_instance ON health_transitions (environment, name, at DESC);
CREATE INDEX health_transitions_by_time ON health_transitions (at);

-- One row an hour of a VM's incarnation: 60 minutes of 16 bytes (domain::heartbeat_history). A day is 24 rows instead of 1440.
CREATE TABLE heartbeat_hours (
    environment text NOT NULL,
    name text NOT NULL,
    instance_id text NOT NULL,
    -- Hours since 1970.
    hour bigint NOT NULL,
    -- Which minute was written last; an update takes its bytes from there.
    newest smallint NOT NULL CHECK (newest BETWEEN 0 AND 59),
    minutes bytea NOT NULL CHECK (octet_length(minutes) = 960),
    PRIMARY KEY (environment, name, instance_id, hour)
) WITH (fillfactor = 70);

CREATE INDEX heartbeat_hours_by_hour ON heartbeat_hours (hour);

-- Minutes in which the control plane was listening: what it did not hear in others, nobody can blame on an agent.
CREATE TABLE listened_minutes (
    minute bigint PRIMARY KEY
);

-- Boots that ended, so that a restart of the control plane still refuses their heartbeats.
ALTER TABLE heartbeats ADD COLUMN ended_boots text[] NOT NULL DEFAULT '{}';

CREATE TABLE incidents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Null: of the control plane itself.
    environment text,
    cause text NOT NULL CHECK (cause <> ''),
    title text NOT NULL,
    why text NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_because text,
    below_since timestamptz,
    overruled_at timestamptz,
    CHECK ((closed_at IS NULL) = (closed_because IS NULL))
);

-- One cause, one open incident.
CREATE UNIQUE INDEX incidents_open ON incidents (coalesce(environment, ''), cause) WHERE closed_at IS NULL;
CREATE INDEX incidents_by_time ON incidents (opened_at DESC);

-- What the brake wants of Compute Engine for an incident, and whether it was done: intent before the call, result after it.
CREATE TABLE healing_holds (
    incident_id bigint NOT NULL REFERENCES incidents,
    environment text NOT NULL,
    instance_group text NOT NULL,
    wanted text NOT NULL CHECK (wanted IN ('hold', 'restore')),
    done boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    error text,
    next_attempt_at timestamptz,
    PRIMARY KEY (incident_id, instance_group)
);

CREATE INDEX healing_holds_open ON healing_holds (environment, instance_group) WHERE NOT done OR wanted = 'hold';

CREATE TABLE alerts (
    kind text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('ok', 'firing', 'not_measured')),
    value text NOT NULL,
    threshold text NOT NULL,
    since timestamptz NOT NULL,
    judged_at timestamptz NOT NULL
);

-- The outbox of the webhook. The bytes are what is signed, so they are kept as they are.
CREATE TABLE alert_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incidents,
    event text NOT NULL CHECK (event IN ('incident.opened', 'incident.closed')),
    body bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'given_up')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz,
    last_status integer,
    last_error text,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz
);

CREATE INDEX alert_deliveries_pending ON alert_deliveries (next_attempt_at) WHERE state = 'pending';

-- What a process measures of itself; one that stopped is forgotten after a minute.
CREATE TABLE process_figures (
    process text PRIMARY KEY,
    connections_used integer NOT NULL CHECK (connections_used >= 0),
    connections_allowed integer NOT NULL CHECK (connections_allowed > 0),
    -- Null: this process never asked for the keys of identity tokens.
    key_failures bigint,
    at timestamptz NOT NULL
);

-- How far the leader has verified the audit log. `broken_at`: the first event that is wrong.
CREATE TABLE audit_verified (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    seq bigint NOT NULL CHECK (seq >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    broken_at bigint,
    at timestamptz NOT NULL
);

INSERT INTO audit_verified (seq, hash, at) VALUES (0, decode(repeat('00', 32), 'hex'), now());

CREATE TABLE agent_commands (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL,
    instance text NOT NULL,
    instance_id text NOT NULL,
    boot_id text NOT NULL,
    verb text NOT NULL CHECK (verb IN ('restart', 'stop', 'start')),
    state text NOT NULL CHECK (state IN ('pending', 'done', 'refused', 'expired')),
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    detail text NOT NULL DEFAULT '',
    CHECK ((ended_at IS NOT NULL) = (state <> 'pending'))
);

CREATE INDEX agent_commands_by_instance ON agent_commands (environment, instance, id DESC);
CREATE INDEX agent_commands_pending ON agent_commands (environment) WHERE state = 'pending';
