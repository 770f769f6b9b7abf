-- A month's costs read what ended in it or later and what still runs, not all that an environment ever ran.
CREATE INDEX run_intervals_by_end ON run_intervals (environment, ended_at);
