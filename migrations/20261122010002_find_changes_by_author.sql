-- What a person proposed or edited is counted and listed on the changes' page: found by the author, and not by reading all revisions
-- that there ever were.
CREATE INDEX change_revisions_by_author ON change_revisions (created_by, change_id) WHERE created_by IS NOT NULL;
