//! In which order a list stands: `name`, or `-size` from the greatest down. This is what the address says and the heads of the
//! columns lead to. Only what stays while one looks orders a list: rows do not change their places under the pointer.

use std::{cmp::Ordering, fmt};

use crate::{
    list_query::WordProblem,
    view::{pool::PoolRow, template::TemplateRow},
};

/// A column that a list can be ordered by.
#[derive(Debug)]
pub struct Column<T> {
    pub name: &'static str,
    /// Of figures and moments the greatest is asked for first.
    greatest_first: bool,
    compare: fn(&T, &T) -> Ordering,
}

pub const POOL_COLUMNS: &[Column<PoolRow>] = &[
    Column { name: "name", greatest_first: false, compare: |one, other| one.name.cmp(&other.name) },
    Column {
        name: "size",
        greatest_first: true,
        compare: |one, other| one.desired_size.cmp(&other.desired_size),
    },
    Column {
        name: "type",
        greatest_first: false,
        compare: |one, other| one.agent_type.as_str().cmp(other.agent_type.as_str()),
    },
    Column {
        name: "template",
        greatest_first: false,
        compare: |one, other| one.template.cmp(&other.template),
    },
];

pub const TEMPLATE_COLUMNS: &[Column<TemplateRow>] = &[
    Column { name: "name", greatest_first: false, compare: |one, other| one.name.cmp(&other.name) },
    Column {
        name: "type",
        greatest_first: false,
        compare: |one, other| one.agent_type.as_str().cmp(other.agent_type.as_str()),
    },
    Column {
        name: "version",
        greatest_first: true,
        compare: |one, other| {
            let version = |row: &TemplateRow| row.shown().map(|version| version.version);
            version(one).cmp(&version(other))
        },
    },
    Column {
        name: "declared",
        greatest_first: true,
        compare: |one, other| {
            let moment = |row: &TemplateRow| row.shown().map(|version| version.declared_at);
            moment(one).cmp(&moment(other))
        },
    },
];

/// By one column, upwards or from the greatest down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListOrder {
    pub column: &'static str,
    pub downwards: bool,
}

impl ListOrder {
    /// Reads what was written, or says what to write instead.
    pub fn parse<T>(text: &str, columns: &[Column<T>]) -> Result<Self, WordProblem> {
        let (name, downwards) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        match columns.iter().find(|column| column.name == name) {
            Some(column) => Ok(Self { column: column.name, downwards }),
            None => {
                let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
                let fix = format!(
                    "there is no such order: it is one of {}, and from the greatest down with - before it",
                    names.join(", ")
                );
                Err(WordProblem { word: text.chars().take(LONGEST).collect(), fix })
            }
        }
    }

    /// What a press on the column's head asks for: the other way round where the list stands by it already.
    pub fn pressed<T>(now: Option<Self>, column: &Column<T>) -> Self {
        let now = now.filter(|now| now.column == column.name);
        let downwards = now.map_or(column.greatest_first, |now| !now.downwards);
        Self { column: column.name, downwards }
    }
}

/// Characters of a word that cannot be read: enough to know it again.
const LONGEST: usize = 40;

impl fmt::Display for ListOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.downwards { "-" } else { "" }, self.column)
    }
}

/// The rows in the order that is asked for; equal ones, and all where nothing can be read, stay as they stood.
#[must_use]
pub fn ordered<T>(mut rows: Vec<T>, asked: Option<&str>, columns: &[Column<T>]) -> Vec<T> {
    let order = asked.and_then(|text| ListOrder::parse(text, columns).ok());
    let column = order.and_then(|order| columns.iter().find(|column| column.name == order.column));
    if let (Some(order), Some(column)) = (order, column) {
        rows.sort_by(|one, other| {
            let upwards = (column.compare)(one, other);
            if order.downwards { upwards.reverse() } else { upwards }
        });
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AgentType, ChangeId, Timestamp, view::template::TemplateVersion};

    fn pool(name: &str, size: u32, agent_type: AgentType) -> PoolRow {
        PoolRow {
            environment: "dev".into(),
            name: name.into(),
            agent_type,
            group: format!("genesis-pool-{name}"),
            template: format!("{name}-template"),
            desired_size: size,
            observed_size: None,
            autoscaling: None,
            agents: Vec::new(),
            conditions: Vec::new(),
            requested: None,
            generation: 1,
            observed_generation: 0,
        }
    }

    fn pools(asked: Option<&str>) -> Vec<String> {
        let rows = vec![
            pool("web", 2, AgentType::BackendDeveloper),
            pool("batch", 40, AgentType::Architect),
            pool("qa", 2, AgentType::BackendDeveloper),
        ];
        ordered(rows, asked, POOL_COLUMNS).into_iter().map(|row| row.name).collect()
    }

    #[test]
    fn pools_stand_as_asked_and_equal_ones_as_declared() {
        assert_eq!(pools(None), ["web", "batch", "qa"]);
        assert_eq!(pools(Some("name")), ["batch", "qa", "web"]);
        assert_eq!(pools(Some("-name")), ["web", "qa", "batch"]);
        assert_eq!(pools(Some("size")), ["web", "qa", "batch"]);
        assert_eq!(pools(Some("-size")), ["batch", "web", "qa"]);
        assert_eq!(pools(Some("type")), ["batch", "web", "qa"]);
        assert_eq!(pools(Some("-template")), ["web", "qa", "batch"]);
    }

    fn template(name: &str, versions: &[(u32, bool)]) -> TemplateRow {
        let versions = versions.iter().map(|&(version, declared)| TemplateVersion {
            version,
            resource_name: format!("genesis-agent-{name}-0000000{version}"),
            declared,
            exists: None,
            declared_by: ChangeId(1),
            declared_at: Timestamp::default() + chrono::TimeDelta::seconds(i64::from(version)),
            running: Vec::new(),
            held_by: Vec::new(),
        });
        TemplateRow {
            environment: "dev".into(),
            name: name.into(),
            agent_type: AgentType::BackendDeveloper,
            versions: versions.collect(),
            pools: Vec::new(),
        }
    }

    #[test]
    fn templates_stand_by_the_version_that_their_row_shows() {
        let stand = |asked: &str| -> Vec<String> {
            let rows = vec![
                template("retired", &[(5, false), (4, false)]),
                template("back", &[(9, false), (2, true)]),
                template("web", &[(3, true)]),
            ];
            ordered(rows, Some(asked), TEMPLATE_COLUMNS).into_iter().map(|row| row.name).collect()
        };
        assert_eq!(stand("-version"), ["retired", "web", "back"]);
        assert_eq!(stand("declared"), ["back", "web", "retired"]);
        assert_eq!(stand("type"), ["retired", "back", "web"]);
    }

    #[test]
    fn what_cannot_be_read_orders_nothing_and_is_named() {
        for wrong in ["colour", "--name", "-", "Name", "name,size"] {
            let problem = ListOrder::parse(wrong, POOL_COLUMNS).unwrap_err();
            assert_eq!(problem.word, wrong);
            assert!(problem.fix.contains("name, size, type, template"), "{problem}");
            assert_eq!(pools(Some(wrong)), ["web", "batch", "qa"], "{wrong}");
        }
        let long = ListOrder::parse(&"x".repeat(4000), POOL_COLUMNS).unwrap_err();
        assert_eq!(long.word.len(), LONGEST);
    }

    #[test]
    fn a_press_begins_with_what_is_asked_for_most_and_the_next_turns_it_round() {
        let (name, size) = (&POOL_COLUMNS[0], &POOL_COLUMNS[1]);
        let first = ListOrder::pressed(None, size);
        assert_eq!(first.to_string(), "-size");
        let second = ListOrder::pressed(Some(first), size);
        assert_eq!(second.to_string(), "size");
        assert_eq!(ListOrder::pressed(Some(second), name).to_string(), "name");
        for column in POOL_COLUMNS {
            let order = ListOrder::pressed(None, column);
            assert_eq!(ListOrder::parse(&order.to_string(), POOL_COLUMNS), Ok(order));
        }
    }
}
