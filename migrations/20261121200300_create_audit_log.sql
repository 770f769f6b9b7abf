-- `leaf` is the event; the other columns repeat parts of it for queries, and verification compares them.
CREATE TABLE audit_events (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    leaf bytea NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    at timestamptz NOT NULL,
    environment text,
    actor_kind text NOT NULL CHECK (actor_kind IN ('person', 'system', 'agent')),
    actor_id text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    detail text NOT NULL,
    change_id bigint REFERENCES changes,
    request_id text NOT NULL
);

CREATE INDEX audit_events_by_environment ON audit_events (environment, seq DESC);
CREATE INDEX audit_events_by_change ON audit_events (change_id, seq DESC) WHERE change_id IS NOT NULL;
CREATE INDEX audit_events_by_actor ON audit_events (actor_kind, actor_id, seq DESC);

CREATE TRIGGER audit_events_keep BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER audit_events_keep_all BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- The last event. An append locks this row: a database sequence would leave gaps and commit out of order.
CREATE TABLE audit_head (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    seq bigint NOT NULL CHECK (seq >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);

INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION refuse_audit_rewind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq <= OLD.seq THEN
        RAISE EXCEPTION 'the audit head goes forward only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_rewind();
CREATE TRIGGER audit_head_keep BEFORE DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER audit_head_keep_all BEFORE TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
