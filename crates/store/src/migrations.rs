//! Migrations only expand (migrations/README.md): during an update the version before works on the schema after.

/// The statements that would take something from the version before, or refuse what it writes. `wider`: constraints that allow
/// whatever those before them did, which the words alone do not show.
fn narrowing(sql: &str, wider: &[&str]) -> Vec<String> {
    let bare = bare(sql);
    let file = File { bare: &bare, wider };
    let found = |statement: &&str| file.narrows(&statement.split_whitespace().collect::<Vec<_>>());
    bare.split(';').filter(found).map(|statement| statement.trim().to_owned()).collect()
}

/// In capitals, a space between any two words, without comments and literals.
fn bare(sql: &str) -> String {
    let (mut bare, mut rest) = (String::new(), sql);
    while let Some(at) = rest.find(['\'', '-']) {
        bare.push_str(&rest[..at]);
        let (opening, end) = match &rest[at..] {
            literal if literal.starts_with('\'') => ("'", '\''),
            comment if comment.starts_with("--") => ("--", '\n'),
            _ => ("-", '-'),
        };
        rest = &rest[at + opening.len()..];
        if opening != "-" {
            rest = rest.split_once(end).map_or("", |(_, after)| after);
        }
        bare.push(' ');
    }
    bare.push_str(rest);
    for mark in [",", "(", ")"] {
        bare = bare.replace(mark, &format!(" {mark} "));
    }
    bare.to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

struct File<'a> {
    bare: &'a str,
    wider: &'a [&'a str],
}

impl File<'_> {
    fn narrows(&self, words: &[&str]) -> bool {
        match words {
            ["DROP", "INDEX", ..] => false,
            ["DROP" | "TRUNCATE", ..] | ["ALTER", "DOMAIN", _, "ADD", ..] => true,
            ["DELETE", "FROM", "ONLY", table, ..] | ["DELETE", "FROM", table, ..] => !self.makes(table),
            ["CREATE", "UNIQUE", "INDEX", rest @ ..] => {
                let on = rest.iter().position(|word| *word == "ON").unwrap_or_default();
                let (name, table) =
                    (rest[..on].last(), rest[on..].iter().skip(1).find(|word| **word != "ONLY"));
                !table.is_some_and(|table| self.makes(table)) && !name.is_some_and(|name| self.widens(name))
            }
            ["ALTER", "TABLE", "IF", "EXISTS", "ONLY", table, actions @ ..]
            | ["ALTER", "TABLE", "IF", "EXISTS", table, actions @ ..]
            | ["ALTER", "TABLE", "ONLY", table, actions @ ..]
            | ["ALTER", "TABLE", table, actions @ ..] => {
                !self.makes(table) && apart(actions).any(|action| self.action_narrows(action))
            }
            ["ALTER", ..] => {
                words.contains(&"DROP") || words.contains(&"RENAME") || has(words, &["SET", "NOT", "NULL"])
            }
            _ => false,
        }
    }

    /// One action of those that an `ALTER TABLE` is.
    fn action_narrows(&self, action: &[&str]) -> bool {
        match action {
            ["ADD", "CONSTRAINT", name, ..] => !self.widens(name),
            ["ADD", "CHECK" | "UNIQUE" | "PRIMARY" | "FOREIGN" | "EXCLUDE", ..] => true,
            // The version before does not know the column, and leaves it out.
            ["ADD", column @ ..] => {
                let needed = has(column, &["NOT", "NULL"]) || has(column, &["PRIMARY", "KEY"]);
                needed && !column.contains(&"DEFAULT") && !column.contains(&"GENERATED")
            }
            // Of what is dropped only a constraint may come back: then it is judged there.
            ["DROP", "CONSTRAINT", "IF", "EXISTS", name, ..] | ["DROP", "CONSTRAINT", name, ..] => {
                !self.bare.contains(&format!("ADD CONSTRAINT {name} "))
            }
            ["DROP" | "RENAME" | "DETACH", ..] | ["SET", "SCHEMA", ..] => true,
            ["ALTER", "COLUMN", _, changed @ ..] | ["ALTER", _, changed @ ..] => match changed {
                // Whoever left a value out may go on doing so.
                ["DROP", "NOT", "NULL", ..] => false,
                ["DROP" | "TYPE", ..] | ["SET", "DATA", "TYPE", ..] | ["SET", "NOT", "NULL", ..] => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// Nobody wrote to such a table before.
    fn makes(&self, table: &str) -> bool {
        self.bare.contains(&format!("CREATE TABLE {table} "))
    }

    fn widens(&self, constraint: &str) -> bool {
        self.wider.iter().any(|wider| wider.eq_ignore_ascii_case(constraint))
    }
}

/// At the commas that are in no parentheses.
fn apart<'a>(words: &'a [&'a str]) -> impl Iterator<Item = &'a [&'a str]> {
    let mut depth = 0_i32;
    words.split(move |word| {
        match *word {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        *word == "," && depth == 0
    })
}

fn has(words: &[&str], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|window| window == phrase)
}

/// Versions that contract, in a release of their own: what they take, no running version reads or writes any more.
const CONTRACTIONS: &[i64] = &[];

/// Constraints that came back in that version, or are new in it, and refuse nothing that the version before writes.
const WIDER: &[(i64, &[&str])] = &[
    // Two more states, rejected and expired; both have ended, as those have that were there.
    (20_261_122_001_000, &["changes_state_check", "changes_check"]),
    // One more kind of step, on an instance.
    (20_261_122_004_000, &["operations_kind_check"]),
];

#[test]
fn the_version_before_works_on_the_schema_after() {
    for migration in crate::MIGRATOR.iter().filter(|migration| !CONTRACTIONS.contains(&migration.version)) {
        let listed = WIDER.iter().find(|listed| listed.0 == migration.version);
        let wider: &[&str] = listed.map_or(&[], |listed| listed.1);
        let found = narrowing(migration.sql.as_str(), wider);
        assert!(found.is_empty(), "{} narrows the schema: {found:#?}", migration.description);
    }
}

#[test]
fn what_narrows_is_found_and_what_expands_is_not() {
    for sql in [
        "DROP TABLE pools;",
        "CREATE TABLE a (b text);\ndrop view fleet;",
        "ALTER TABLE pools DROP COLUMN size;",
        "ALTER TABLE pools DROP size",
        "ALTER TABLE pools RENAME COLUMN size TO count;",
        "ALTER TABLE pools RENAME TO fleets;",
        "ALTER TABLE pools ALTER COLUMN size SET NOT NULL;",
        "ALTER TABLE pools ALTER size TYPE bigint;",
        "ALTER TABLE pools ALTER COLUMN size SET DATA TYPE bigint;",
        "ALTER TABLE pools ALTER COLUMN size DROP DEFAULT;",
        "ALTER TABLE pools ADD COLUMN size int NOT NULL;",
        "ALTER TABLE pools ADD COLUMN size int NOT NULL, ADD COLUMN zone text DEFAULT '';",
        "ALTER TABLE pools ADD COLUMN price numeric(10, 2) NOT NULL;",
        "ALTER TABLE pools ADD size int NOT NULL;",
        "ALTER TABLE IF EXISTS ONLY pools ADD COLUMN IF NOT EXISTS size int PRIMARY KEY;",
        "ALTER TABLE pools ADD COLUMN zone text, ADD CONSTRAINT sized CHECK (size IS NOT NULL);",
        "ALTER TABLE pools ADD CONSTRAINT named UNIQUE (name);",
        "ALTER TABLE pools ADD CONSTRAINT placed FOREIGN KEY (zone) REFERENCES zones;",
        "ALTER TABLE pools ADD CHECK (size > 0);",
        "ALTER TABLE pools DROP CONSTRAINT pools_check;",
        "ALTER TABLE pools DROP CONSTRAINT pools_check,\n    ADD CONSTRAINT pools_check CHECK (size > 1 - 2);",
        "CREATE UNIQUE INDEX pools_by_name ON pools (name);",
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS pools_by_name ON ONLY pools (name);",
        "DELETE FROM pools WHERE size = 0;",
        "ALTER DOMAIN size ADD CHECK (value > 0);",
        "ALTER VIEW fleet RENAME TO fleets;",
    ] {
        assert_eq!(narrowing(sql, &[]).len(), 1, "{sql}");
    }
    for sql in [
        "-- Nothing here will DROP TABLE pools;\nCREATE TABLE a (b text NOT NULL);",
        "CREATE TABLE a (b text CHECK (b IN ('x; DROP TABLE a', 'it''s')));",
        "ALTER TABLE pools ADD COLUMN size int, ADD COLUMN type text;",
        "ALTER TABLE pools ADD COLUMN size int NOT NULL DEFAULT 0;",
        "ALTER TABLE pools ALTER COLUMN size DROP NOT NULL;",
        "ALTER TABLE pools ADD size int, ADD type text, ADD price numeric(10, 2) NOT NULL DEFAULT 0;",
        "ALTER TABLE pools ADD COLUMN id bigint NOT NULL GENERATED ALWAYS AS IDENTITY;",
        "ALTER TABLE pools DROP CONSTRAINT pools_check,\n    ADD CONSTRAINT pools_check CHECK (type <> 'x' OR size > 1 - 2);",
        "CREATE TABLE a (b text);\nALTER TABLE a ADD CHECK (b <> '');\nCREATE UNIQUE INDEX ON a (b);\nDELETE FROM a;",
        "CREATE INDEX pools_by_name ON pools (name);",
        "CREATE TRIGGER pools_keep BEFORE UPDATE OR DELETE ON pools FOR EACH ROW EXECUTE FUNCTION keep();",
        "ALTER TYPE size ADD VALUE 'large';",
        "DROP INDEX pools_by_size;",
    ] {
        assert_eq!(narrowing(sql, &["pools_check"]), [""; 0], "{sql}");
    }
}
