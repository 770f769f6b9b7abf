-- What an autoscaler recommended beside what ran, as each look saw it: a row when something changed, and one a minute otherwise.
CREATE TABLE autoscaling_samples (
    environment text NOT NULL REFERENCES environments,
    pool text NOT NULL,
    at timestamptz NOT NULL,
    running integer NOT NULL CHECK (running >= 0),
    target integer NOT NULL CHECK (target >= 0),
    -- NULL where the service recommended nothing.
    recommended integer CHECK (recommended >= 0),
    minimum integer NOT NULL CHECK (minimum >= 0),
    maximum integer NOT NULL CHECK (maximum >= minimum),
    PRIMARY KEY (environment, pool, at)
);
CREATE INDEX autoscaling_samples_by_age ON autoscaling_samples (at);
