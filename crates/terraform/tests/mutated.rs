//! No text makes the reader panic, whatever was torn out of it, doubled or overwritten.

#![expect(clippy::unwrap_used, reason = "a helper fails as the test that calls it")]

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use domain::view::import::{ImportError, ImportInput, Reading, SourceFile};
use proptest::prelude::*;

/// All texts of this crate that say anything: the examples, and each mistake.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = ["../../examples", "tests/malformed"]
        .into_iter()
        .flat_map(|folder| fs::read_dir(here.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tf"))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
});

/// Pieces on which a language turns.
const PIECES: [&str; 20] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "${",
    "%{ if true }",
    "<<EOT\n",
    "\nEOT\n",
    "/*",
    "\\",
    "local.",
    "[*]",
    " ? 1 : ",
    "for x in ",
    "\u{feff}é",
    "\r\n",
    "\0",
];

#[derive(Clone, Debug)]
enum Mutation {
    Overwrite(prop::sample::Index, u8),
    Truncate(prop::sample::Index),
    Remove(prop::sample::Index, u8),
    Insert(prop::sample::Index, &'static str),
    /// A slice of another text, put in here.
    Splice(prop::sample::Index, prop::sample::Index, prop::sample::Index, u16),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        3 => (place(), any::<u8>()).prop_map(|(at, byte)| Mutation::Overwrite(at, byte)),
        1 => place().prop_map(Mutation::Truncate),
        2 => (place(), any::<u8>()).prop_map(|(at, length)| Mutation::Remove(at, length)),
        4 => (place(), prop::sample::select(&PIECES[..])).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        2 => (place(), place(), place(), 0_u16..600)
            .prop_map(|(at, seed, from, length)| Mutation::Splice(at, seed, from, length)),
    ]
}

fn mutate(text: &mut Vec<u8>, mutation: Mutation) {
    match mutation {
        Mutation::Overwrite(at, byte) if !text.is_empty() => {
            let at = at.index(text.len());
            text[at] = byte;
        }
        Mutation::Overwrite(..) => {}
        Mutation::Truncate(at) => text.truncate(at.index(text.len() + 1)),
        Mutation::Remove(at, length) => {
            let at = at.index(text.len() + 1);
            text.drain(at..text.len().min(at + usize::from(length)));
        }
        Mutation::Insert(at, piece) => {
            let at = at.index(text.len() + 1);
            text.splice(at..at, piece.bytes());
        }
        Mutation::Splice(at, seed, from, length) => {
            let seed = &SEEDS[seed.index(SEEDS.len())];
            let from = from.index(seed.len());
            let piece = &seed[from..seed.len().min(from + usize::from(length))];
            let at = at.index(text.len() + 1);
            text.splice(at..at, piece.iter().copied());
        }
    }
}

fn places_are_in_the_text(text: &str, errors: &[ImportError]) {
    assert!(!errors.is_empty());
    for error in errors {
        assert!(!error.message.is_empty());
        let Some(position) = &error.position else { continue };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line = text.split('\n').nth(position.line as usize - 1).unwrap();
        assert!(position.column as usize <= line.chars().count() + 1, "{error:?}");
        assert!(terraform::format_error(error).starts_with("error: "));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_texts_never_panic_and_errors_stand_in_the_text(
        seed in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 0..6),
        answer in prop_oneof![Just(String::new()), Just("[\"a\"]".to_owned()), ".{0,12}"],
    ) {
        let mut bytes = SEEDS[seed.index(SEEDS.len())].clone();
        for change in mutations {
            mutate(&mut bytes, change);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut input = ImportInput {
            files: vec![SourceFile { name: "main.tf".to_owned(), text: text.clone() }],
            ..ImportInput::default()
        };
        let reading = terraform::read(&input);
        prop_assert_eq!(&reading, &terraform::read(&input), "the same text, the same reading");
        match reading {
            Reading::Malformed { errors } => places_are_in_the_text(&text, &errors),
            Reading::Unresolved { references } => {
                prop_assert!(!references.is_empty());
                input.references = references
                    .into_iter()
                    .map(|found| (found.reference, answer.clone()))
                    .collect::<BTreeMap<_, _>>();
                if let Reading::Malformed { errors } = terraform::read(&input) {
                    places_are_in_the_text(&text, &errors);
                }
            }
            Reading::ChooseModule { modules } => prop_assert!(modules.len() > 1),
            Reading::Complete { desired } => prop_assert!(!desired.environment.region.is_empty()),
        }
    }
}
