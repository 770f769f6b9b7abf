//! Migrations only expand (migrations/README.md): during an update the version before works on the schema after.

/// The statements that would take something from the version before.
fn narrowing(sql: &str) -> Vec<String> {
    let bare = bare(sql);
    let found = |statement: &&str| narrows(&statement.split_whitespace().collect::<Vec<_>>(), &bare);
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

fn narrows(words: &[&str], file: &str) -> bool {
    // Of what is dropped only a check comes back wider, and whoever left a value out may go on doing so.
    let drops = |at: usize| match &words[at + 1..] {
        ["CONSTRAINT", name, ..] => !file.contains(&format!("ADD CONSTRAINT {name} ")),
        ["NOT", "NULL", ..] => false,
        _ => true,
    };
    // The version before does not know the column, and leaves it out.
    let demands = |at: usize| {
        let column = words[at..].split(|word| *word == ",").next().unwrap_or_default();
        has(column, &["ADD", "COLUMN"]) && has(column, &["NOT", "NULL"]) && !has(column, &["DEFAULT"])
    };
    match words {
        ["DROP", "INDEX", ..] => false,
        ["DROP" | "TRUNCATE", ..] => true,
        ["ALTER", ..] => {
            words.iter().enumerate().any(|(at, word)| match *word {
                "DROP" => drops(at),
                "ADD" => demands(at),
                "RENAME" => true,
                // `ADD COLUMN type` gives one a name, `ALTER TYPE` begins a statement of its own.
                "TYPE" => !["COLUMN", "ALTER"].contains(&words[at - 1]),
                _ => false,
            }) || has(words, &["SET", "NOT", "NULL"])
        }
        _ => false,
    }
}

fn has(words: &[&str], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|window| window == phrase)
}

/// Versions that contract, in a release of their own: what they take, no running version reads or writes any more.
const CONTRACTIONS: &[i64] = &[];

#[test]
fn the_version_before_works_on_the_schema_after() {
    for migration in crate::MIGRATOR.iter().filter(|migration| !CONTRACTIONS.contains(&migration.version)) {
        let found = narrowing(migration.sql.as_str());
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
        "ALTER TABLE pools DROP CONSTRAINT pools_check;",
    ] {
        assert_eq!(narrowing(sql).len(), 1, "{sql}");
    }
    for sql in [
        "-- Nothing here will DROP TABLE pools;\nCREATE TABLE a (b text NOT NULL);",
        "CREATE TABLE a (b text CHECK (b IN ('x; DROP TABLE a', 'it''s')));",
        "ALTER TABLE pools ADD COLUMN size int, ADD COLUMN type text;",
        "ALTER TABLE pools ADD COLUMN size int NOT NULL DEFAULT 0;",
        "ALTER TABLE pools ALTER COLUMN size DROP NOT NULL;",
        "ALTER TABLE pools ADD CONSTRAINT sized CHECK (size IS NOT NULL), ADD COLUMN zone text;",
        "ALTER TABLE pools DROP CONSTRAINT pools_check,\n    ADD CONSTRAINT pools_check CHECK (size > 1 - 2);",
        "DROP INDEX pools_by_size;",
    ] {
        assert_eq!(narrowing(sql), [""; 0], "{sql}");
    }
}
