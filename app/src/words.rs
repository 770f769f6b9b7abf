//! How numbers, lists and impacts are said. Figures are set with a thin structure: `1,204`, `4 s`, `2 VMs`.

use domain::plan::ZoneImpact;

/// `1,204`.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 VM`, `2 VMs`. `noun` is the singular of a noun whose plural ends in s.
pub fn count(value: u64, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(value))
}

/// `The VM runs`, `Both VMs run`, `All 3 VMs run`. `verbs` are said of one and of several.
pub fn every(value: u64, noun: &str, verbs: (&str, &str)) -> String {
    let (one, several) = verbs;
    match value {
        1 => format!("The {noun} {one}"),
        2 => format!("Both {noun}s {several}"),
        _ => format!("All {} {several}", count(value, noun)),
    }
}

/// A small number as a word, for sentences: `one`, `two`, up to `nine`.
pub fn spelled(value: usize) -> Option<&'static str> {
    const WORDS: [&str; 9] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    WORDS.get(value.checked_sub(1)?).copied()
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

/// `creates 2 VMs and deletes 1`, or None where no VM is touched.
pub fn impact(impact: &ZoneImpact) -> Option<String> {
    let parts = [
        ("creates", impact.created),
        ("replaces", impact.replaced),
        ("restarts", impact.restarted),
        ("deletes", impact.deleted),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(_, vms)| *vms > 0)
        .enumerate()
        .map(|(index, (verb, vms))| match index {
            0 => format!("{verb} {}", count(u64::from(*vms), "VM")),
            _ => format!("{verb} {}", number(u64::from(*vms))),
        })
        .collect();
    (!said.is_empty()).then(|| list(&said))
}

/// The first letter in upper case, unless the first word is a name: `chg-12 is …`, `max_surge is …`.
pub fn sentence(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.contains(|mark: char| mark.is_ascii_digit() || "_-.[/".contains(mark)) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// `412 MiB`, `1.4 GiB`.
pub fn bytes(value: u64) -> String {
    const MIB: f64 = 1024.0 * 1024.0;
    let mib = value as f64 / MIB;
    if mib < 1024.0 { format!("{mib:.0} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}

/// A percentage without a needless decimal: `2 %`, `0.4 %`.
pub fn percent(value: f64) -> String {
    if value < 10.0 && value.fract() >= 0.05 { format!("{value:.1} %") } else { format!("{value:.0} %") }
}

/// `under $0.01` as it stands where there is little room: nothing parts it into two lines.
pub fn unparted(amount: &str) -> String {
    amount.replace("under $", "under\u{a0}$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_have_words() {
        assert_eq!([0, 1, 9, 10].map(spelled), [None, Some("one"), Some("nine"), None]);
    }

    #[test]
    fn figures_are_grouped_by_thousands() {
        let said: Vec<String> = [0, 12, 999, 1000, 1_234_567].map(number).to_vec();
        assert_eq!(said, ["0", "12", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn one_is_not_plural() {
        assert_eq!([count(1, "VM"), count(0, "VM"), count(2048, "VM")], ["1 VM", "0 VMs", "2,048 VMs"]);
    }

    #[test]
    fn all_of_a_few_have_words_of_their_own() {
        let said = [1, 2, 3, 1200].map(|value| every(value, "VM", ("runs", "run")));
        assert_eq!(said, ["The VM runs", "Both VMs run", "All 3 VMs run", "All 1,200 VMs run"]);
    }

    #[test]
    fn an_impact_is_a_clause() {
        assert_eq!(impact(&ZoneImpact::default()), None);
        let mixed = ZoneImpact { created: 1, replaced: 12, restarted: 0, deleted: 3 };
        assert_eq!(impact(&mixed).as_deref(), Some("creates 1 VM, replaces 12 and deletes 3"));
    }

    #[test]
    fn sizes_and_shares_have_units() {
        assert_eq!([bytes(0), bytes(412 << 20), bytes(1536 << 20)], ["0 MiB", "412 MiB", "1.5 GiB"]);
        assert_eq!([percent(0.42), percent(2.0), percent(64.4)], ["0.4 %", "2 %", "64 %"]);
    }

    #[test]
    fn an_amount_stays_in_one_line() {
        assert_eq!(unparted("under $0.01"), "under\u{a0}$0.01");
        assert_eq!(unparted("at least $1.20 a month"), "at least $1.20 a month");
    }

    #[test]
    fn a_sentence_begins_with_a_capital() {
        assert_eq!(sentence("creates 2 VMs"), "Creates 2 VMs");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn a_name_keeps_its_first_letter() {
        for text in ["chg-12 does not exist", "max_surge is 1", "agent_pools[0].name: too long"] {
            assert_eq!(sentence(text), text);
        }
    }
}
