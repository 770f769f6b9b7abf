-- The role that `agent-manager serve` and `work` connect as, so that a stolen password of theirs cannot rewrite history.
-- Run it once as the owner of the tables, after `agent-manager migrate`, and again after each later migration:
-- granting twice changes nothing. Give it a way to sign in by your platform's identity, or `\password`.
DO $$
BEGIN
    CREATE ROLE agent_manager_application LOGIN;
EXCEPTION
    WHEN duplicate_object THEN NULL;
END;
$$;

GRANT USAGE ON SCHEMA public TO agent_manager_application;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO agent_manager_application;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO agent_manager_application;

-- What was written stays: events, revisions, policies and rosters are only added; of a vote or a passkey only its end and its counter change.
REVOKE UPDATE, DELETE ON audit_events, change_revisions, policies, rosters FROM agent_manager_application;
REVOKE DELETE ON changes, votes, passkeys FROM agent_manager_application;
REVOKE UPDATE ON passkeys FROM agent_manager_application;
GRANT UPDATE (sign_count, last_used_at, revoked_at) ON passkeys TO agent_manager_application;
REVOKE INSERT, DELETE ON audit_head FROM agent_manager_application;
-- Migrations are the owner's.
REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM agent_manager_application;
