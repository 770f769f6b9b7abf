-- Names and addresses stand here alone, so that a person can be erased without touching any history.
CREATE TABLE people (
    sub text PRIMARY KEY CHECK (sub <> ''),
    issuer text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    roles text[] NOT NULL CHECK (roles <@ ARRAY['viewer', 'operator', 'approver', 'admin']),
    groups text[] NOT NULL,
    first_sign_in timestamptz NOT NULL,
    last_sign_in timestamptz NOT NULL
);

-- Who can read this table can still not take over a session: the id itself is only in the cookie.
CREATE TABLE sessions (
    id_sha256 bytea PRIMARY KEY CHECK (octet_length(id_sha256) = 32),
    data bytea NOT NULL,
    -- Null until the sign-in is complete.
    person text REFERENCES people ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX sessions_by_person ON sessions (person) WHERE person IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Instance identity tokens that were already exchanged for a credential.
CREATE TABLE used_identity_tokens (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    expires_at timestamptz NOT NULL
);

CREATE INDEX used_identity_tokens_by_expiry ON used_identity_tokens (expires_at);
