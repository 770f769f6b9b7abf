//! What is written in the query box of a list: `state:failed,expired by:"Mara Lind" age>2h web`.
//!
//! Words are parted by spaces, and all of them must hold:
//! - `key:value` is one of the list's keys; several values, parted by commas, are alternatives. A key stands once.
//! - `age>2h` and `age<30m` say how long ago it began; the units are s, m, h and d. Each stands once.
//! - Any other word is part of the name, in any case.
//!
//! What stands in double quotes is taken as it is: with spaces, commas, colons and all.

mod nouns;

use std::fmt;

use chrono::TimeDelta;

use crate::Timestamp;

pub use nouns::{CHANGE_KEYS, INSTANCE_KEYS};

/// Characters, at most: more than any filter needs, and little to read.
const LONGEST: usize = 300;
const UNITS: [(char, u32); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// A key of a list, and what it may be.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    /// Its values where they are known; empty: any text.
    pub values: fn() -> Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    Over,
    Under,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// One of the values, none of which is there twice.
    Is {
        key: &'static str,
        values: Vec<String>,
    },
    Age {
        side: Age,
        seconds: u64,
    },
    /// In lower case.
    Part(String),
}

/// A word that cannot be read, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}`: {fix}")]
pub struct WordProblem {
    pub word: String,
    pub fix: String,
}

/// All words, in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery(Vec<Word>);

/// A character, and whether it stood in quotes.
type Letter = (char, bool);

impl ListQuery {
    /// Reads what was written, or says of each word that cannot be read what to write instead.
    pub fn parse(text: &str, keys: &[Key]) -> Result<Self, Vec<WordProblem>> {
        if text.chars().count() > LONGEST {
            return Err(vec![too_long(text)]);
        }
        let (mut words, mut problems) = (Vec::new(), Vec::new());
        for letters in split(text) {
            let problem = |fix| WordProblem { word: letters.iter().map(|letter| letter.0).collect(), fix };
            match word(&letters, keys) {
                Ok(word) if words.iter().any(|other| same_place(other, &word)) => {
                    problems.push(problem(twice(&word)));
                }
                Ok(word) => words.push(word),
                Err(fix) => problems.push(problem(fix)),
            }
        }
        if text.matches('"').count() % 2 == 1 {
            let fix = "close the quotation mark".to_owned();
            problems.push(WordProblem { word: "\"".to_owned(), fix });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let read = Self(words);
        // With its quotes it may be longer than it was written.
        let said = read.to_string();
        if said.chars().count() > LONGEST { Err(vec![too_long(&said)]) } else { Ok(read) }
    }

    pub fn words(&self) -> &[Word] {
        &self.0
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The alternatives of a key; none where it is not asked for.
    pub fn values(&self, wanted: &str) -> &[String] {
        let found = self.0.iter().find_map(|word| match word {
            Word::Is { key, values } if *key == wanted => Some(values.as_slice()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// Without the word at that place.
    #[must_use]
    pub fn without(&self, place: usize) -> Self {
        let kept = self.0.iter().enumerate().filter(|(at, _)| *at != place);
        Self(kept.map(|(_, word)| word.clone()).collect())
    }

    /// With one value of a key in the place of whatever was asked of it; None: of any.
    #[must_use]
    pub fn with(&self, key: &'static str, value: Option<&str>) -> Self {
        let mut words = self.0.clone();
        words.retain(|word| !matches!(word, Word::Is { key: other, .. } if *other == key));
        words.extend(value.map(|value| Word::Is { key, values: vec![value.to_owned()] }));
        Self(words)
    }

    /// Whether the key is one of what is asked for, in any case.
    fn is(&self, key: &str, value: &str) -> bool {
        let values = self.values(key);
        values.is_empty() || values.iter().any(|one| one.to_lowercase() == value.to_lowercase())
    }

    /// Whether all parts of a name stand in this one.
    fn names(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.0.iter().all(|word| !matches!(word, Word::Part(part) if !name.contains(part.as_str())))
    }

    /// Whether what began then is as old as asked. Of what is not known to have begun, no age is true.
    fn aged(&self, began: Option<Timestamp>, now: Timestamp) -> bool {
        self.0.iter().all(|word| match word {
            Word::Age { side, seconds } => began.is_some_and(|began| {
                let limit = TimeDelta::seconds(i64::try_from(*seconds).unwrap_or(i64::from(u32::MAX)));
                match side {
                    Age::Over => now - began > limit,
                    Age::Under => now - began < limit,
                }
            }),
            Word::Is { .. } | Word::Part(_) => true,
        })
    }
}

fn too_long(text: &str) -> WordProblem {
    let word = text.chars().take(20).chain(['…']).collect();
    WordProblem { word, fix: format!("write at most {LONGEST} characters") }
}

/// Letters of each word; quotes part nothing and are left out.
fn split(text: &str) -> Vec<Vec<Letter>> {
    let (mut words, mut quoted) = (vec![Vec::new()], false);
    for letter in text.chars() {
        if letter == '"' {
            quoted = !quoted;
        } else if letter.is_whitespace() && !quoted {
            words.push(Vec::new());
        } else if let Some(word) = words.last_mut() {
            word.push((letter, quoted));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn text_of(letters: &[Letter]) -> String {
    letters.iter().map(|letter| letter.0).collect()
}

/// What the letters say, or what to write instead.
fn word(letters: &[Letter], keys: &[Key]) -> Result<Word, String> {
    let mark = letters.iter().position(|(letter, quoted)| !quoted && ":<>".contains(*letter));
    let Some(mark) = mark else {
        return Ok(Word::Part(text_of(letters).to_lowercase()));
    };
    let (name, value) = (text_of(&letters[..mark]).to_lowercase(), &letters[mark + 1..]);
    let side = match letters[mark].0 {
        ':' if name != "age" => return is(&name, value, keys),
        '<' if name == "age" => Age::Under,
        '>' if name == "age" => Age::Over,
        _ if name == "age" => return Err("write age>2h or age<2h".to_owned()),
        _ => return Err("only age is compared: write age>2h, or quote it to look for it in names".to_owned()),
    };
    let seconds = seconds(&text_of(value)).ok_or("write a number and its unit, s, m, h or d: age>2h")?;
    Ok(Word::Age { side, seconds })
}

fn is(name: &str, value: &[Letter], keys: &[Key]) -> Result<Word, String> {
    let Some(key) = keys.iter().find(|key| key.name == name) else {
        let names: Vec<&str> = keys.iter().map(|key| key.name).chain(["age"]).collect();
        return Err(format!(
            "there is no such key: it is one of {}, or quote it to look for it in names",
            names.join(", ")
        ));
    };
    let known = (key.values)();
    let mut values: Vec<String> = Vec::new();
    for one in value.split(|(letter, quoted)| *letter == ',' && !quoted) {
        let text = text_of(one);
        if text.trim().is_empty() {
            return Err(format!(
                "write a value behind each colon and comma, as in {name}:{}",
                example(&known)
            ));
        }
        let text = if known.is_empty() { text } else { text.to_lowercase() };
        if !known.is_empty() && !known.contains(&text.as_str()) {
            return Err(format!("`{text}` is none: it is one of {}", known.join(", ")));
        }
        if !values.contains(&text) {
            values.push(text);
        }
    }
    Ok(Word::Is { key: key.name, values })
}

fn example(known: &[&'static str]) -> &'static str {
    known.first().copied().unwrap_or("web")
}

fn seconds(text: &str) -> Option<u64> {
    let unit = text.chars().last()?;
    let (_, each) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let digits = &text[..text.len() - unit.len_utf8()];
    let plain = !digits.is_empty() && digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| plain)?;
    Some(number * u64::from(each))
}

/// Whether one of the two says all that there is to say.
fn same_place(one: &Word, other: &Word) -> bool {
    match (one, other) {
        (Word::Is { key, .. }, Word::Is { key: other, .. }) => key == other,
        (Word::Age { side, .. }, Word::Age { side: other, .. }) => side == other,
        (one, other) => one == other,
    }
}

fn twice(word: &Word) -> String {
    match word {
        Word::Is { key, .. } => format!("{key} is there already: part its values by commas, {key}:a,b"),
        Word::Age { .. } | Word::Part(_) => "it is there already: leave one out".to_owned(),
    }
}

/// As it is written, so that it is read back as the same.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let plain = !text.contains(|letter: char| letter.is_whitespace() || ":<>,".contains(letter));
    if plain { f.write_str(text) } else { write!(f, "\"{text}\"") }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is { key, values } => {
                write!(f, "{key}:")?;
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        f.write_str(",")?;
                    }
                    quoted(f, value)?;
                }
                Ok(())
            }
            Self::Age { side, seconds } => {
                let whole = UNITS.into_iter().find(|(_, each)| seconds.is_multiple_of(u64::from(*each)));
                let (unit, each) = whole.unwrap_or(('s', 1));
                let sign = if *side == Age::Over { '>' } else { '<' };
                write!(f, "age{sign}{}{unit}", seconds / u64::from(each))
            }
            Self::Part(text) => quoted(f, text),
        }
    }
}

impl fmt::Display for ListQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{word}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
