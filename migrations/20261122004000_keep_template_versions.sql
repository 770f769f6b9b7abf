-- Every version that was ever declared, whole: a pool may hold to one, or go back to it, when its template says something else.
CREATE TABLE template_versions (
    environment text NOT NULL REFERENCES environments,
    -- Compute Engine's name of it, which carries a digest of the content.
    resource_name text NOT NULL,
    resource jsonb NOT NULL,
    declared_at timestamptz NOT NULL,
    PRIMARY KEY (environment, resource_name)
);

-- Steps may act on one VM of a group.
ALTER TABLE operations DROP CONSTRAINT operations_kind_check;
ALTER TABLE operations ADD CONSTRAINT operations_kind_check CHECK (kind IN (
    'health_check', 'firewall_rule', 'instance_template', 'instance_group', 'autoscaler', 'instance'
));
