//! The rules that an approval rests on, by their numbers in the design, a file each. Each is tried from the outside and against
//! whoever can write to the database.

mod at_most_once;
mod bytes;
mod clock;
mod events;
mod log;
mod quorum;
mod replay;
mod stale;
mod terminal;

use control::{Clock, Control, import, planning};
use domain::view::import::{ImportInput, Reading};
use sqlx::PgPool;

use crate::fixture::{Fixture, operator, production, without_agents};

const PRODUCTION: &str = "genesis-project-prod";
/// Why a change is refused that the log has seen the end of.
const ENDED: &str = "the audit log ended it";

async fn start(pool: &PgPool) -> Fixture {
    Fixture::with(pool.clone(), without_agents(), Clock::System).await
}

async fn planned(control: &Control, input: ImportInput) -> planning::Planned {
    let preview = import::preview_import(control, &operator(), input).await.unwrap();
    let Reading::Complete { desired } = preview.reading else { panic!("a complete import") };
    planning::plan_fleet(control, *desired).await.unwrap()
}

/// Production with two VMs more.
fn larger() -> ImportInput {
    let mut input = production();
    input.files[0].text = input.files[0].text.replace("max_replicas  = 5", "max_replicas  = 7");
    input
}

async fn untouched(fixture: &Fixture) {
    assert_eq!(fixture.operations(PRODUCTION).await, [], "Compute Engine was called");
    assert_eq!(fixture.control.store.list_environments().await.unwrap(), []);
}

async fn sql(pool: &PgPool, statement: &'static str) {
    sqlx::raw_sql(statement).execute(pool).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Whoever owns the tables can take their guards away.
async fn unguarded(pool: &PgPool) {
    sql(
        pool,
        "ALTER TABLE change_revisions DISABLE TRIGGER USER; ALTER TABLE votes DISABLE TRIGGER USER;
         ALTER TABLE change_revisions DROP CONSTRAINT change_revisions_check, DROP CONSTRAINT change_revisions_check1,
             DROP CONSTRAINT change_revisions_check2, DROP CONSTRAINT change_revisions_check3;
         ALTER TABLE votes DROP CONSTRAINT votes_change_id_revision_fkey",
    )
    .await;
}
