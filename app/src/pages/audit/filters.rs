//! What of the log is shown: the filters of the address, and the form that sets them.

use domain::{ChangeId, Timestamp, audit::AuditAction, view::audit::AuditQuery};
use leptos::prelude::*;

use crate::{
    api::FieldProblem,
    components::{
        field::{Bound, SelectField, TextField},
        icon::turning_arrow,
    },
    routes,
    url_state::Query,
    words,
};

/// The names of the address, in the order of the form.
const NAMES: [&str; 6] = ["actor", "action", "object", "change", "from", "until"];

/// What the address asks for, or each part of it that cannot be read. `environment` is the page's scope.
pub fn read(query: &Query, environment: Option<String>) -> Result<AuditQuery, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let mut read = AuditQuery {
        environment,
        actor: query.get("actor").map(|text| text.trim().to_owned()),
        object: query.get("object").map(|text| text.trim().to_owned()),
        before: before(query),
        after: after(query),
        ..AuditQuery::default()
    };
    let mut refuse = |field: &str, message: String| {
        problems.push(FieldProblem { field: field.to_owned(), message });
    };
    if let Some(text) = query.get("action") {
        match text.parse::<AuditAction>() {
            Ok(action) => read.action = Some(action),
            Err(error) => refuse("action", format!("{error}: choose one of the list")),
        }
    }
    if let Some(text) = query.get("change") {
        match text.trim().parse::<ChangeId>() {
            Ok(change) => read.change = Some(change),
            Err(_) => refuse("change", format!("`{text}` is no change: write chg- and its number")),
        }
    }
    for (field, moment) in [("from", &mut read.from), ("until", &mut read.until)] {
        if let Some(text) = query.get(field) {
            match moment_of(text) {
                Some(found) => *moment = Some(found),
                None => refuse(field, format!("`{text}` is no moment: write it as 2026-11-22T14:05, in UTC")),
            }
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

/// The names that the export's address may have.
#[cfg(feature = "ssr")]
pub const AUDIT_NAMES: [&str; 9] =
    ["environment", "actor", "action", "object", "change", "from", "until", "before", "after"];

/// The address of a file of what the page lists, whole. What else stands in the page's address is none of the export's.
pub fn export(query: &Query) -> String {
    let kept = ["environment"].into_iter().chain(NAMES);
    kept.fold(Query::default(), |kept, name| kept.with(name, query.get(name))).on(routes::AUDIT_EXPORT)
}

/// What stands behind the `?` of an address, read as the page reads it, for the export of what the page lists. A page
/// whose number cannot be read is the first one; a file whose bound cannot be read would be the whole log, and is refused.
#[cfg(feature = "ssr")]
pub fn audit_query(raw: &str) -> Result<AuditQuery, Vec<FieldProblem>> {
    let query = Query::parse(raw);
    let wanted = read(&query, query.get("environment").map(str::to_owned));
    let bounds = [("before", before(&query)), ("after", after(&query))];
    let unread: Vec<FieldProblem> = bounds
        .into_iter()
        .filter(|(_, seq)| seq.is_none())
        .filter_map(|(name, _)| {
            let text = query.get(name)?;
            let message = format!("`{text}` is no number of an event: write its digits, as in {name}=1000");
            Some(FieldProblem { field: name.to_owned(), message })
        })
        .collect();
    if unread.is_empty() {
        return wanted;
    }
    Err(wanted.err().into_iter().flatten().chain(unread).collect())
}

/// Nothing comes before the first event.
fn before(query: &Query) -> Option<i64> {
    seq(query, "before").filter(|seq| *seq > 0)
}

fn after(query: &Query) -> Option<i64> {
    seq(query, "after")
}

fn seq(query: &Query, name: &str) -> Option<i64> {
    query.get(name).and_then(|text| text.parse().ok()).filter(|seq| *seq >= 0)
}

/// A day, or a day and a time as browsers write it; both are UTC.
fn moment_of(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches('Z');
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        _ => format!("{text}Z"),
    };
    whole.parse().ok()
}

/// The address without any filter, in the same environment.
pub fn cleared(query: &Query) -> Query {
    NAMES.into_iter().chain(["before", "after"]).fold(query.clone(), |query, name| query.with(name, None))
}

/// A plain form: it leads to an address, with or without scripts.
pub fn form(query: &Query, problems: &[FieldProblem]) -> AnyView {
    let of = |name: &str| {
        let refused = problems.iter().find(|problem| problem.field == name);
        Bound {
            name: name.to_owned(),
            value: query.get(name).unwrap_or_default().to_owned(),
            problem: refused.map(|problem| words::sentence(&problem.message)).into(),
        }
    };
    let set = NAMES.into_iter().filter(|name| query.get(name).is_some()).count();
    let actions = AuditAction::ALL.iter().map(|action| {
        let said = words::sentence(&action.as_str().replace('_', " "));
        (action.as_str().to_owned(), said)
    });
    let options = [(String::new(), "Any".to_owned())].into_iter().chain(actions).collect();
    let environment = query.get("environment").map(|name| {
        view! { <input type="hidden" name="environment" value=name.to_owned() /> }
    });
    let said = if set == 0 { "Filter".to_owned() } else { words::count(set as u64, "filter") };
    let open = set > 0;
    let clear = open.then(|| {
        view! {
            <a class="btn" href=cleared(query).on(routes::AUDIT)>
                "Clear"
            </a>
        }
    });
    view! {
        <details class="more" open=open>
            <summary class="cluster query">{turning_arrow()} {said}</summary>
            <form class="query form" method="get" action=routes::AUDIT>
                {environment}
                <div class="three">
                    <TextField
                        field=of("actor")
                        label="Who"
                        hint="A person's whole name or id, or a component."
                    />
                    <SelectField
                        field=of("action")
                        label="Did what"
                        options=options
                    />
                    <TextField
                        field=of("object")
                        label="To what"
                        hint="A whole name: chg-12, genesis-pool-web, an instance."
                        mono=true
                    />
                    <TextField
                        field=of("change")
                        label="In which change"
                        placeholder="chg-12"
                        mono=true
                    />
                    <TextField
                        field=of("from")
                        label="From, UTC"
                        placeholder="2026-11-22T14:05"
                        mono=true
                    />
                    <TextField
                        field=of("until")
                        label="Until, UTC"
                        placeholder="2026-11-23"
                        mono=true
                    />
                </div>
                <div class="cluster">
                    <button type="submit" class="btn primary">
                        "Show"
                    </button>
                    {clear}
                </div>
            </form>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sequence_pages() {
        let paged = |text: &str| {
            let read = read(&Query::parse(text), None).unwrap();
            (read.before, read.after)
        };
        assert_eq!(paged("before=120"), (Some(120), None));
        assert_eq!(paged("after=0"), (None, Some(0)));
        for text in ["before=-1", "before=x", "before=0", "after=-1"] {
            assert_eq!(paged(text), (None, None), "{text}");
        }
    }

    #[test]
    fn filters_are_read_and_what_is_none_is_named() {
        let query = Query::parse(
            "actor=Mara&action=sign_in&object=web&change=chg-7&from=2026-11-22&until=2026-11-22T14:05",
        );
        let filters = read(&query, Some("dev".into())).unwrap();
        assert_eq!((filters.actor.as_deref(), filters.action), (Some("Mara"), Some(AuditAction::SignIn)));
        assert_eq!((filters.object.as_deref(), filters.change), (Some("web"), Some(ChangeId(7))));
        assert_eq!(filters.from.unwrap().to_rfc3339(), "2026-11-22T00:00:00+00:00");
        assert_eq!(filters.until.unwrap().to_rfc3339(), "2026-11-22T14:05:00+00:00");
        assert!(filters.filters());
        let wrong = read(&Query::parse("action=fly&change=7x&from=soon&until=2026-13-01"), None).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["action", "change", "from", "until"]);
    }

    #[test]
    fn an_export_is_of_the_filters_and_of_nothing_else_in_the_address() {
        let query = Query::parse("actor=x&before=4&kiosk=1&utm_source=mail&environment=dev");
        let address = export(&query);
        assert_eq!(address, "/audit.jsonl?environment=dev&actor=x");
        #[cfg(feature = "ssr")]
        for name in ["environment"].into_iter().chain(NAMES) {
            assert!(AUDIT_NAMES.contains(&name), "{name}");
        }
    }

    #[test]
    fn clearing_keeps_the_environment() {
        let query = Query::parse("environment=dev&actor=x&before=4");
        assert_eq!(cleared(&query).on(routes::AUDIT), "/audit?environment=dev");
    }
}
