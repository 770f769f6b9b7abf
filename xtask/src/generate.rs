//! `generate`: everything in the repository that a program writes. That is `.sqlx`, what Postgres says about each query, so
//! that a build needs no database; and the documents that are made from the code. `--check` only compares, and only `.sqlx`:
//! the documents are compared by the tests that write them.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::postgres::{Cluster, Durability};
use crate::scratch::Scratch;
use crate::service::Rooms;
use crate::{process, terminal, workspace};

/// File name and content.
type Files = BTreeMap<String, String>;

/// Each document with the test that writes it when it is asked to.
const DOCUMENTS: [(&str, &str); 2] =
    [("docs/cli.md", "the_manual_is_up_to_date"), ("docs/openapi.json", "the_document_is_up_to_date")];

pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        None => renew(),
        Some(lexopt::Arg::Long("check")) => check(the_store()),
        Some(lexopt::Arg::Long("help")) => {
            terminal::say(
                "cargo xtask generate [--check]\n\n\
                 Renews .sqlx from the migrations and the store's queries, and docs/cli.md and docs/openapi.json\n\
                 from the code. --check only compares .sqlx; the tests compare the documents.",
            );
            Ok(())
        }
        Some(other) => Err(other.unexpected().into()),
    }
}

fn renew() -> Result<()> {
    renew_queries()?;
    // Afterwards: what writes them is compiled against the new answers.
    renew_documents()
}

fn renew_queries() -> Result<()> {
    terminal::stage(".sqlx", || {
        let (folder, fresh) = (workspace::root().join(".sqlx"), describe_queries(the_store())?);
        let old = read(&folder)?;
        let changes = differences(&old, &fresh);
        fs::create_dir_all(&folder)?;
        for name in old.keys().filter(|name| !fresh.contains_key(*name)) {
            fs::remove_file(folder.join(name))?;
        }
        for (name, content) in fresh.iter().filter(|(name, content)| old.get(*name) != Some(content)) {
            fs::write(folder.join(name), content)?;
        }
        Ok(((), format!("{} queries, {} files changed", fresh.len(), changes.len())))
    })
}

fn renew_documents() -> Result<()> {
    terminal::stage("docs", || {
        let read = || DOCUMENTS.map(|(file, _)| fs::read(workspace::root().join(file)).ok());
        let had = read();
        let mut cargo = workspace::cargo();
        cargo.args(["test", "--quiet", "-p", "g", "-p", "server", "--bin", "g", "--test", "edges", "--"]);
        cargo.args(DOCUMENTS.map(|(_, test)| test)).env("UPDATE_DOCS", "1");
        let said = process::capture(&mut cargo).context("the documents could not be written")?;
        // A test by another name would be no error to cargo.
        if said.matches("test result: ok. 1 passed").count() != DOCUMENTS.len() {
            bail!("not each document has a test that writes it:\n{said}");
        }
        let changed = had.iter().zip(read()).filter(|(had, has)| *had != has).count();
        Ok(((), format!("{} documents, {changed} files changed", DOCUMENTS.len())))
    })
}

/// The shortest compilation that asks each query.
fn the_store() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["check", "-p", "store", "--all-targets"]).args(workspace::quiet());
    cargo
}

/// An error that names each file that `generate` would change. `cargo` is a check that compiles the store among
/// others: what it compiled is there for the next one.
pub(crate) fn check(cargo: Command) -> Result<()> {
    terminal::stage("code, .sqlx", || {
        let fresh = describe_queries(cargo)?;
        let changes = differences(&read(&workspace::root().join(".sqlx"))?, &fresh);
        if !changes.is_empty() {
            bail!(".sqlx is out of date, `cargo xtask generate` renews it:\n  {}", changes.join("\n  "));
        }
        Ok(((), format!("{} queries up to date", fresh.len())))
    })
}

/// Lets `cargo` compile the store against a database that has all migrations; the query macros write down what they learn.
fn describe_queries(mut cargo: Command) -> Result<Files> {
    let scratch = Scratch::new("generate")?;
    let rooms = Rooms::in_folder(scratch.path())?;
    let cluster = Cluster::start(scratch.path(), &rooms, Durability::Throwaway)?;
    cluster.prepare_database(false)?;
    for migration in migrations(&workspace::root().join("migrations"))? {
        cluster.run_file(&migration).with_context(|| format!("{} does not apply", migration.display()))?;
    }
    let answers = scratch.path().join("queries");
    fs::create_dir(&answers)?;
    let source = workspace::root().join("crates/store/src/lib.rs");
    let touched = Touched::new(&source)?;
    cargo.env("SQLX_OFFLINE", "false").env("SQLX_OFFLINE_DIR", &answers).env("DATABASE_URL", cluster.url());
    let compiled = process::run(&mut cargo)
        .context("there are objections to the code, or the store does not fit its migrations");
    drop(touched);
    compiled?;
    read(&answers)
}

/// The migrations in the order in which the server applies them.
fn migrations(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".sql") && !name.ends_with(".down.sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A source file that looks changed, so that cargo expands its crate's macros again. Dropped, it has its old time
/// back: a build of the same content has nothing to do.
struct Touched<'a> {
    file: &'a Path,
    before: std::time::SystemTime,
}

impl<'a> Touched<'a> {
    fn new(file: &'a Path) -> Result<Self> {
        let before = fs::metadata(file).and_then(|about| about.modified());
        let before = before.with_context(|| format!("no {}", file.display()))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "cargo compares this with the file system's clock, not with ours"
        )]
        set_time(file, std::time::SystemTime::now())?;
        Ok(Self { file, before })
    }
}

impl Drop for Touched<'_> {
    fn drop(&mut self) {
        let _ = set_time(self.file, self.before);
    }
}

fn set_time(file: &Path, time: std::time::SystemTime) -> Result<()> {
    let opened = File::options().append(true).open(file);
    opened
        .and_then(|file| file.set_times(FileTimes::new().set_modified(time)))
        .context("could not touch the store")
}

fn read(folder: &Path) -> Result<Files> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Files::new()) };
    let mut files = Files::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(files)
}

/// A line for each file that is missing, stale or not needed any more.
fn differences(old: &Files, fresh: &Files) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, content) in fresh {
        match old.get(name) {
            None => lines.push(format!("missing: {name}")),
            Some(had) if had != content => lines.push(format!("stale: {name}")),
            Some(_) => {}
        }
    }
    lines.extend(
        old.keys().filter(|name| !fresh.contains_key(*name)).map(|name| format!("not needed: {name}")),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> Files {
        pairs.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
    }

    #[test]
    fn each_difference_is_named() {
        let old = files(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let fresh = files(&[("a", "1"), ("b", "2"), ("d", "1")]);
        assert_eq!(differences(&old, &fresh), ["stale: b", "missing: d", "not needed: c"]);
        assert!(differences(&fresh, &fresh).is_empty());
    }

    #[test]
    fn migrations_are_in_order_and_are_sql() {
        let scratch = Scratch::new("migrations").unwrap();
        for name in ["20270102000000_two.sql", "20270101000000_one.sql", "README.md"] {
            fs::write(scratch.path().join(name), "").unwrap();
        }
        let names = migrations(scratch.path()).unwrap();
        let names: Vec<_> = names.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["20270101000000_one.sql", "20270102000000_two.sql"]);
    }

    #[test]
    fn a_touched_file_gets_its_time_back() {
        let scratch = Scratch::new("touched").unwrap();
        let file = scratch.path().join("lib.rs");
        fs::write(&file, "").unwrap();
        let time = || fs::metadata(&file).unwrap().modified().unwrap();
        let before = time();
        let touched = Touched::new(&file).unwrap();
        assert!(time() > before);
        drop(touched);
        assert_eq!(time(), before);
    }
}
