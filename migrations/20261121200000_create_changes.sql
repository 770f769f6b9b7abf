-- Refuses what would rewrite a history. The message names the table, so that the log says what was tried.
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% keeps its history: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE TABLE changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL CHECK (environment <> ''),
    title text NOT NULL CHECK (title <> ''),
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN (
        'awaiting_approvals', 'approved', 'applying', 'applied', 'failed', 'cancelled', 'superseded'
    )),
    outcome text,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    approved_at timestamptz,
    claimed_at timestamptz,
    finished_at timestamptz,
    CHECK ((finished_at IS NOT NULL) = (state IN ('applied', 'failed', 'cancelled', 'superseded')))
);

-- Lists are read newest first, a page at a time.
CREATE INDEX changes_by_environment ON changes (environment, id DESC);
CREATE INDEX changes_by_state ON changes (state, id);

CREATE TABLE change_revisions (
    change_id bigint NOT NULL REFERENCES changes,
    number integer NOT NULL CHECK (number > 0),
    base_generation bigint NOT NULL CHECK (base_generation >= 0),
    -- RFC 8785 bytes: what digests and signatures are over, and what is executed. The jsonb twins are for queries alone.
    desired_canonical bytea NOT NULL,
    plan_canonical bytea NOT NULL,
    desired jsonb NOT NULL CHECK (desired = convert_from(desired_canonical, 'UTF8')::jsonb),
    plan jsonb NOT NULL CHECK (plan = convert_from(plan_canonical, 'UTF8')::jsonb),
    desired_sha256 bytea NOT NULL CHECK (desired_sha256 = sha256(desired_canonical)),
    plan_sha256 bytea NOT NULL CHECK (plan_sha256 = sha256(plan_canonical)),
    verdict jsonb NOT NULL,
    -- Names of the resources that the plan's actions touch.
    touches text[] NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (change_id, number)
);

CREATE TRIGGER change_revisions_keep BEFORE UPDATE OR DELETE ON change_revisions
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER change_revisions_keep_all BEFORE TRUNCATE ON change_revisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE TABLE operations (
    change_id bigint NOT NULL REFERENCES changes,
    step text NOT NULL CHECK (step <> ''),
    -- The order of intent, which times alone would not settle.
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    request_id uuid NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN (
        'health_check', 'firewall_rule', 'instance_template', 'instance_group', 'autoscaler'
    )),
    state text NOT NULL CHECK (state IN ('intended', 'running', 'done', 'failed')),
    name text,
    scope text,
    error text,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz,
    intended_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (change_id, step),
    CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'failed'))),
    CHECK (state <> 'running' OR name IS NOT NULL)
);
