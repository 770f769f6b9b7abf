-- An event is found by any whole word of what it was done to: a group's name in `create instance group genesis-pool-web`.
CREATE INDEX audit_events_by_object ON audit_events USING gin (string_to_array(object, ' '));
CREATE INDEX audit_events_by_action ON audit_events (action, seq DESC);
CREATE INDEX audit_events_by_time ON audit_events (at);
