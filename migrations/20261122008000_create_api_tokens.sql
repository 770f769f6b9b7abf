-- Who can read these tables can still not use a token: the secret itself was shown once and is nowhere.
CREATE TABLE api_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
    person text NOT NULL REFERENCES people ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'plan', 'propose', 'operate']),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- By the database's clock, as everything that lets somebody in.
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at AND expires_at <= created_at + interval '366 days'),
    last_used_at timestamptz,
    revoked_at timestamptz
);

CREATE INDEX api_tokens_by_person ON api_tokens (person, id DESC);

-- What was answered to a request that named a key, so that the same request again gets the same answer.
CREATE TABLE idempotency_keys (
    token_id bigint NOT NULL REFERENCES api_tokens ON DELETE CASCADE,
    key text NOT NULL CHECK (key <> ''),
    -- Over method, path and body.
    request_sha256 bytea NOT NULL CHECK (octet_length(request_sha256) = 32),
    -- Null while the first request is under way.
    status integer,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (token_id, key),
    CHECK ((status IS NULL) = (body IS NULL))
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
