-- Deletions of template versions that nothing uses any more: the intent first, so that whoever is killed in between finishes it.
CREATE TABLE template_deletions (
    environment text NOT NULL REFERENCES environments,
    -- Compute Engine's name of the version.
    resource_name text NOT NULL,
    -- The same for every attempt of the call.
    request_id uuid NOT NULL UNIQUE,
    intended_at timestamptz NOT NULL,
    done_at timestamptz,
    -- None: it is gone.
    error text,
    PRIMARY KEY (environment, resource_name, intended_at)
);
CREATE INDEX template_deletions_open ON template_deletions (environment) WHERE done_at IS NULL;
