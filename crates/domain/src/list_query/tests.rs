use proptest::prelude::*;

use super::*;
use crate::{
    ChangeId, ChangeState,
    agent::AgentState,
    change::Heading,
    instance::{CurrentAction, Instance, InstanceStatus},
    view::instance::InstanceRow,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn read(text: &str) -> ListQuery {
    ListQuery::parse(text, INSTANCE_KEYS).unwrap()
}

fn refused(text: &str) -> Vec<String> {
    ListQuery::parse(text, INSTANCE_KEYS).unwrap_err().iter().map(ToString::to_string).collect()
}

fn vm(name: &str, pool: &str, agent: AgentState) -> InstanceRow {
    InstanceRow {
        environment: "dev".into(),
        pool: pool.into(),
        instance: Instance {
            name: name.into(),
            id: None,
            zone: "us-central1-a".into(),
            group: "g".into(),
            status: InstanceStatus::Running,
            current_action: CurrentAction::None,
            template: None,
            address: None,
            created_at: Some(at(0)),
            probe: None,
            last_error: None,
        },
        agent,
        last_heartbeat: None,
        refused: None,
    }
}

#[test]
fn words_are_read_and_printed_in_one_spelling() {
    for (written, printed) in [
        ("state:silent pool:web age>2h", "state:silent pool:web age>2h"),
        ("  STATE:Silent,ILL,silent\tPool:Web ", "state:silent,ill pool:Web"),
        ("age<120m age>86400s", "age<2h age>1d"),
        ("AB \"c d\" \"x:y\"", "ab \"c d\" \"x:y\""),
        ("pool:a:b pool\":\"c", "pool:\"a:b\" \"pool:c\""),
        ("age<0s", "age<0d"),
        ("\"\"", ""),
        ("", ""),
    ] {
        assert_eq!(read(written).to_string(), printed, "{written}");
    }
}

#[test]
fn what_cannot_be_read_is_named_with_what_to_write() {
    assert_eq!(
        refused("state:purple size:4"),
        [
            "`state:purple`: `purple` is none: it is one of silent, ill, late, starting, stopped, healthy, gone",
            "`size:4`: there is no such key: it is one of state, pool, zone, vm, age, or quote it to look for it in names",
        ]
    );
    for (text, told) in [
        ("age>2", "`age>2`: write a number and its unit, s, m, h or d: age>2h"),
        ("age>\u{00b2}h", "`age>\u{00b2}h`: write a number and its unit, s, m, h or d: age>2h"),
        ("age:2h", "`age:2h`: write age>2h or age<2h"),
        ("cpu>80", "`cpu>80`: only age is compared: write age>2h, or quote it to look for it in names"),
        ("pool:", "`pool:`: write a value behind each colon and comma, as in pool:web"),
        ("state:ill,", "`state:ill,`: write a value behind each colon and comma, as in state:silent"),
        ("pool:a pool:b", "`pool:b`: pool is there already: part its values by commas, pool:a,b"),
        ("age>1h age>2h", "`age>2h`: it is there already: leave one out"),
        ("\"web", "`\"`: close the quotation mark"),
    ] {
        assert_eq!(refused(text), [told], "{text}");
    }
    assert_eq!(refused(&"x".repeat(301)), ["`xxxxxxxxxxxxxxxxxxxx…`: write at most 300 characters"]);
    let grows = format!("pool:{}:", "x".repeat(293));
    assert_eq!(refused(&grows), ["`pool:\"xxxxxxxxxxxxxx…`: write at most 300 characters"]);
}

#[test]
fn an_instance_is_held_by_all_words_and_by_one_value_of_each() {
    let row = vm("agent-web-x7k2", "web", AgentState::Ill);
    let holds = |text: &str| read(text).holds_instance((&row.pool, row.agent), &row.instance, at(7200));
    for text in
        ["", "state:silent,ill", "pool:WEB", "zone:us-central1-a", "vm:running", "x7 agent", "age>1h age<3h"]
    {
        assert!(holds(text), "{text}");
    }
    for text in ["state:silent", "pool:we", "vm:stopped", "x8", "x7 other", "age>2h", "age<2h"] {
        assert!(!holds(text), "{text}");
    }
    let unmade = Instance { created_at: None, ..row.instance.clone() };
    let held = read("age<1d").holds_instance((&row.pool, row.agent), &unmade, at(0));
    assert!(!held, "nobody knows how old it is");
}

#[test]
fn a_change_is_held_by_its_state_its_author_and_its_title() {
    let change = Heading {
        id: ChangeId(12),
        title: "dev: scale web to 5".into(),
        state: ChangeState::Failed,
        proposed_by_name: "Mara Lind".into(),
        proposed_at: at(0),
    };
    let read = |text: &str| ListQuery::parse(text, CHANGE_KEYS).unwrap();
    for text in ["state:failed by:\"mara lind\" scale", "chg-12", "age<1h", "\"web to\""] {
        assert!(read(text).holds_change(&change, at(60)), "{text}");
    }
    for text in ["state:applied", "by:mara", "shrink", "age>1h"] {
        assert!(!read(text).holds_change(&change, at(60)), "{text}");
    }
    assert_eq!(read("state:failed,expired x").change_states(), [ChangeState::Failed, ChangeState::Expired]);
    assert!(read("state:failed").asks_for_states_alone() && !read("state:failed x").asks_for_states_alone());
}

#[test]
fn a_chip_is_taken_away_and_a_preset_takes_the_place_of_its_key() {
    let query = read("state:ill,late web age>2h");
    assert_eq!(query.without(1).to_string(), "state:ill,late age>2h");
    assert_eq!(query.with("state", Some("silent")).to_string(), "web age>2h state:silent");
    assert_eq!(query.with("state", None).to_string(), "web age>2h");
    assert_eq!(query.without(9), query);
}

/// What people write, and what they do not.
fn written() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "(state|STATE|pool|zone|vm|by|size|age)[:<>](silent|ill|web|\"a b\"|x,y|2h|30m|[0-9]{1,7}[smhd]|,|\\PC{0,4})",
        "[a-z0-9:<>,\" \u{0130}\u{03a3}]{0,12}",
        "\\PC{0,8}",
    ];
    prop::collection::vec(word, 0..6).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back_as_the_same(text in written()) {
        for keys in [INSTANCE_KEYS, CHANGE_KEYS] {
            let Ok(query) = ListQuery::parse(&text, keys) else { continue };
            prop_assert_eq!(ListQuery::parse(&query.to_string(), keys), Ok(query.clone()), "{}", query);
            for at in 0..query.words().len() {
                let fewer = query.without(at);
                prop_assert_eq!(ListQuery::parse(&fewer.to_string(), keys), Ok(fewer));
            }
        }
    }

    #[test]
    fn whatever_is_written_is_read_or_refused_with_words(text in "\\PC*", more in any::<String>()) {
        for text in [text, more] {
            if let Err(problems) = ListQuery::parse(&text, INSTANCE_KEYS) {
                prop_assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.fix.is_empty()));
            }
        }
    }
}
