//! Two versions of a template, field by field. A plain form chooses them, so that the address says which.

use domain::view::template::{TemplateRow, VersionComparison};
use leptos::prelude::*;

use crate::{
    components::{diff::diff, panel::Panel},
    routes, words,
};

pub fn compare(row: &TemplateRow, comparison: VersionComparison) -> AnyView {
    let VersionComparison { from, to, changes, unknown } = comparison;
    let numbers: Vec<u32> = row.versions.iter().map(|version| version.version).collect();
    let said = match (unknown.as_slice(), changes.len()) {
        ([], 0) => "Nothing differs between them.".to_owned(),
        ([], count) => format!("{} from v{from} to v{to}.", differs(count)),
        (unknown, _) => {
            let names: Vec<String> = unknown.iter().map(|version| format!("v{version}")).collect();
            format!(
                "{} was made by another release of Agent Manager and cannot be made again to compare it.",
                words::list(&names)
            )
        }
    };
    let choose = choose(row, &numbers, from, to);
    view! {
        <Panel id="difference" title=format!("v{from} against v{to}") aside=move || choose.clone()()>
            <div class="panel-body">
                <p class="soft">{said}</p>
                {(!changes.is_empty()).then(|| diff(changes))}
            </div>
        </Panel>
    }
    .into_any()
}

fn differs(count: usize) -> String {
    let verb = if count == 1 { "differs" } else { "differ" };
    format!("{} {verb}", words::count(count as u64, "field"))
}

fn choose(row: &TemplateRow, numbers: &[u32], from: u32, to: u32) -> impl Fn() -> AnyView + Clone + use<> {
    let action = format!("{}#difference", routes::template(&row.environment, &row.name));
    let numbers = numbers.to_vec();
    move || {
        view! {
            <form class="cluster" method="get" action=action.clone()>
                {select("from", "From", &numbers, from)} {select("to", "To", &numbers, to)}
                <button class="btn" type="submit">
                    "Compare"
                </button>
            </form>
        }
        .into_any()
    }
}

fn select(name: &'static str, label: &'static str, numbers: &[u32], chosen: u32) -> AnyView {
    let options = numbers
        .iter()
        .map(|number| {
            view! {
                <option value=number.to_string() selected=*number == chosen>
                    {format!("v{number}")}
                </option>
            }
        })
        .collect_view();
    view! {
        <label class="sr" for=name>
            {label}
        </label>
        <select class="input short" id=name name=name autocomplete="off">
            {options}
        </select>
    }
    .into_any()
}
