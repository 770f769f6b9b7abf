-- When each VM ran, as the looks at Compute Engine saw it, and at which prices: what costs accrue from.
CREATE TABLE run_intervals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL REFERENCES environments,
    zone text NOT NULL,
    name text NOT NULL,
    instance_id text NOT NULL,
    pool text NOT NULL,
    agent_type text NOT NULL,
    -- NULL where nothing was known of the VM. Then all that follows is NULL too.
    machine_type text,
    spot boolean,
    -- Billionths of a dollar for a month of 730 hours; NULL where the price book had no price.
    machine_price bigint CHECK (machine_price >= 0),
    disk_price bigint CHECK (disk_price >= 0),
    address_price bigint CHECK (address_price >= 0),
    price_book text,
    -- Whole seconds, so that parts of an interval add up to it.
    began_at timestamptz NOT NULL CHECK (mod(extract(epoch FROM began_at), 1) = 0),
    ended_at timestamptz CHECK (ended_at >= began_at AND mod(extract(epoch FROM ended_at), 1) = 0),
    CHECK ((machine_type IS NULL) = (price_book IS NULL) AND (machine_type IS NULL) = (spot IS NULL)),
    CHECK (machine_type IS NOT NULL OR coalesce(machine_price, disk_price, address_price) IS NULL)
);

-- A VM runs once at a time: a second interval would count it twice.
CREATE UNIQUE INDEX run_intervals_open ON run_intervals (environment, zone, name, instance_id) WHERE ended_at IS NULL;
CREATE INDEX run_intervals_by_time ON run_intervals (environment, began_at);

-- What has ended is history: costs that were shown do not change afterwards.
CREATE TRIGGER run_intervals_keep BEFORE UPDATE OR DELETE ON run_intervals
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER run_intervals_keep_all BEFORE TRUNCATE ON run_intervals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
