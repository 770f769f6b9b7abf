-- What an environment declared in one generation is read for each edit that was begun on an older one (`declaration_at`): by the
-- generation, and not by all revisions of all changes that were ever claimed.
CREATE INDEX change_revisions_by_generation ON change_revisions ((base_generation + 1));
-- What was in force before a change (`declared_around`, on the page of an audit event): the environment's last claim before it.
CREATE INDEX changes_by_claim ON changes (environment, claimed_at DESC) WHERE claimed_at IS NOT NULL;
