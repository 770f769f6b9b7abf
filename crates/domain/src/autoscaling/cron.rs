//! Cron expressions as scaling schedules take them: minute, hour, day of the month, month, day of the week, and a year
//! if one likes. Checked only: when the next one begins is the service's word, which knows the time zone's rules.

/// Which field is wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCron {
    #[error(
        "{0} fields are not five, or six with the year: minute, hour, day of the month, month, day of the week"
    )]
    Fields(usize),
    #[error("`{text}` is no {field}: {least} to {most}, with `*`, lists, ranges and steps")]
    Field { text: String, field: &'static str, least: u32, most: u32 },
}

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Names of `least` and what follows it.
    names: &'static [&'static str],
}

const FIELDS: [Field; 6] = [
    Field { name: "minute", least: 0, most: 59, names: &[] },
    Field { name: "hour", least: 0, most: 23, names: &[] },
    Field { name: "day of the month", least: 1, most: 31, names: &[] },
    Field {
        name: "month",
        least: 1,
        most: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    // Sunday is 0 and 7.
    Field {
        name: "day of the week",
        least: 0,
        most: 7,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
    Field { name: "year", least: 1970, most: 2099, names: &[] },
];

pub fn check_cron(text: &str) -> Result<(), InvalidCron> {
    let given: Vec<&str> = text.split_whitespace().collect();
    if !(5..=6).contains(&given.len()) {
        return Err(InvalidCron::Fields(given.len()));
    }
    for (text, field) in given.into_iter().zip(&FIELDS) {
        if !text.split(',').all(|part| field.takes(part)) {
            return Err(InvalidCron::Field {
                text: text.to_owned(),
                field: field.name,
                least: field.least,
                most: field.most,
            });
        }
    }
    Ok(())
}

impl Field {
    /// `*`, `5`, `1-5`, each with a `/step`.
    fn takes(&self, part: &str) -> bool {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let stepped =
            step.is_none_or(|step| number(step).is_some_and(|step| (1..=self.most).contains(&step)));
        let ranged = match range.split_once('-') {
            _ if range == "*" => true,
            Some((from, to)) => match (self.value(from), self.value(to)) {
                (Some(from), Some(to)) => from <= to,
                _ => false,
            },
            None => self.value(range).is_some(),
        };
        stepped && ranged
    }

    fn value(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(index) => self.least + u32::try_from(index).ok()?,
            None => number(text)?,
        };
        (self.least..=self.most).contains(&value).then_some(value)
    }
}

/// Digits alone: a sign is none.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_taken() {
        for good in [
            "0 8 * * Mon-Fri",
            "*/15 * * * *",
            "30 6,18 1-7 jan,JUL 0",
            "0 0 1 1 * 2027",
            "5-50/5 0 * * 7",
            "  0   8 * * * ",
        ] {
            assert_eq!(check_cron(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        for (wrong, field) in [
            ("60 8 * * *", "minute"),
            ("0 24 * * *", "hour"),
            ("0 8 0 * *", "day of the month"),
            ("0 8 * 13 *", "month"),
            ("0 8 * * Fri-Mon", "day of the week"),
            ("0 8 * * * 1066", "year"),
            ("*/0 * * * *", "minute"),
            ("+5 * * * *", "minute"),
            ("1,,2 * * * *", "minute"),
        ] {
            let said = check_cron(wrong).unwrap_err().to_string();
            assert!(said.contains(&format!("is no {field}:")), "{wrong}: {said}");
        }
        assert_eq!(check_cron("0 8 * *"), Err(InvalidCron::Fields(4)));
        assert_eq!(check_cron(""), Err(InvalidCron::Fields(0)));
    }
}
