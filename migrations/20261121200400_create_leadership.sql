-- Who may write to the cloud. The epoch grows with each hand-over; every leader transaction shares a lock on the row.
CREATE TABLE leadership (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    holder text,
    epoch bigint NOT NULL CHECK (epoch >= 0),
    renewed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

INSERT INTO leadership (epoch, renewed_at, expires_at) VALUES (0, now(), now());
