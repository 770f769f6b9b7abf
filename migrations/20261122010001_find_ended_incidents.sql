-- The Alerts page shows the last incidents that ended (`list_closed_incidents`): no more are read than are shown.
CREATE INDEX incidents_by_end ON incidents (closed_at DESC, id DESC) WHERE closed_at IS NOT NULL;
