-- One budget a month and environment; the newest revision is in force, and a monthly amount of NULL says that there is none.
CREATE TABLE budgets (
    environment text NOT NULL REFERENCES environments,
    revision integer NOT NULL CHECK (revision > 0),
    -- Billionths of a dollar.
    monthly bigint CHECK (monthly > 0),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    PRIMARY KEY (environment, revision)
);

CREATE TRIGGER budgets_keep BEFORE UPDATE OR DELETE ON budgets
    FOR EACH ROW EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER budgets_keep_all BEFORE TRUNCATE ON budgets
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- A threshold of a budget that a month has crossed: once for each revision, however often it is looked at.
CREATE TABLE budget_notices (
    environment text NOT NULL,
    revision integer NOT NULL,
    -- The month's first day, in UTC.
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    threshold smallint NOT NULL CHECK (threshold BETWEEN 1 AND 100),
    -- What was spent when it was seen.
    spent bigint NOT NULL,
    crossed_at timestamptz NOT NULL,
    PRIMARY KEY (environment, revision, month, threshold),
    FOREIGN KEY (environment, revision) REFERENCES budgets
);
