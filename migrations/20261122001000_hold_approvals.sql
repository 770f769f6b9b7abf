-- Two more ways to end, and an end in time for what nobody agrees to.
ALTER TABLE changes
    DROP CONSTRAINT changes_state_check,
    ADD CONSTRAINT changes_state_check CHECK (state IN (
        'awaiting_approvals', 'approved', 'applying', 'applied', 'failed', 'cancelled', 'rejected', 'expired', 'superseded'
    )),
    DROP CONSTRAINT changes_check,
    ADD CONSTRAINT changes_check CHECK (
        (finished_at IS NOT NULL)
        = (state IN ('applied', 'failed', 'cancelled', 'rejected', 'expired', 'superseded'))
    ),
    ADD COLUMN expires_at timestamptz;

-- Who made the revision; none for revisions of before, whose author is the change's proposer.
ALTER TABLE change_revisions ADD COLUMN created_by text;

-- Policies and rosters are histories: the highest revision is in force, and votes name the one they were cast under.
CREATE TABLE policies (
    id text NOT NULL CHECK (id <> ''),
    revision bigint NOT NULL CHECK (revision > 0),
    body jsonb NOT NULL CHECK ((body ->> 'id') = id AND (body ->> 'revision')::bigint = revision),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, revision)
);
CREATE TRIGGER policies_keep BEFORE UPDATE OR DELETE ON policies
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER policies_keep_all BEFORE TRUNCATE ON policies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

INSERT INTO policies (id, revision, body) VALUES ('default', 1, '{
    "id": "default",
    "revision": 1,
    "rules": [
        {"applies": {"tier": "development"}, "require": []},
        {"applies": "everywhere", "require": [
            {"group": "sre", "approvals": 2},
            {"group": "security", "approvals": 1}
        ]}
    ]
}');

CREATE TABLE rosters (
    revision bigint PRIMARY KEY CHECK (revision > 0),
    body jsonb NOT NULL CHECK ((body ->> 'revision')::bigint = revision),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER rosters_keep BEFORE UPDATE OR DELETE ON rosters
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER rosters_keep_all BEFORE TRUNCATE ON rosters
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE TABLE passkeys (
    credential_id bytea PRIMARY KEY CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    person text NOT NULL REFERENCES people (sub),
    -- As the authenticator spelled it (COSE).
    cose_key bytea NOT NULL,
    sign_count bigint NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
    label text NOT NULL CHECK (label <> ''),
    backup_eligible boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX passkeys_by_person ON passkeys (person, created_at);

-- What we asked a passkey to sign: each may be answered once, by the person it was made for, until the database says it is over.
CREATE TABLE challenges (
    challenge bytea PRIMARY KEY CHECK (octet_length(challenge) = 32),
    person text NOT NULL,
    -- The statement whose digest it is; none for a registration, whose challenge is random.
    statement bytea,
    expires_at timestamptz NOT NULL
);
CREATE INDEX challenges_by_end ON challenges (expires_at);

-- Raw evidence, as it came: every column but the last two is what was signed or what it takes to verify it.
CREATE TABLE votes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change_id bigint NOT NULL,
    revision integer NOT NULL,
    person text NOT NULL,
    ballot text NOT NULL CHECK (ballot IN ('approve', 'reject')),
    reason text NOT NULL,
    nonce bytea NOT NULL UNIQUE,
    statement bytea NOT NULL,
    client_data_json bytea NOT NULL,
    authenticator_data bytea NOT NULL,
    signature bytea NOT NULL,
    credential_id bytea NOT NULL REFERENCES passkeys,
    not_after timestamptz NOT NULL,
    cast_at timestamptz NOT NULL,
    voided_at timestamptz,
    voided_because text,
    FOREIGN KEY (change_id, revision) REFERENCES change_revisions (change_id, number),
    CHECK ((voided_at IS NULL) = (voided_because IS NULL))
);
-- A person votes once on a revision, unless that vote is void.
CREATE UNIQUE INDEX votes_once ON votes (change_id, revision, person) WHERE voided_at IS NULL;
CREATE INDEX votes_by_change ON votes (change_id, id);

-- A vote may become void, once. Nothing else of it ever changes.
CREATE FUNCTION keep_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL
        AND to_jsonb(NEW) - 'voided_at' - 'voided_because' = to_jsonb(OLD) - 'voided_at' - 'voided_because'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% keeps its history: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END;
$$;
CREATE TRIGGER votes_keep BEFORE UPDATE OR DELETE ON votes FOR EACH ROW EXECUTE FUNCTION keep_vote();
CREATE TRIGGER votes_keep_all BEFORE TRUNCATE ON votes FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
