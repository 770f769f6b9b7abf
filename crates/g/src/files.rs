//! Terraform texts from files, and what they lack, said as flags.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use domain::view::import::{ImportError, Position, Reading};
use rest_api::{MakePlan, PlanAnswer, PlanStatus, SourceFile};

use crate::{
    cli::Texts,
    failure::{Failure, Kind},
};

/// Bytes of one file, at most: what the server takes of all together.
const LARGEST: u64 = 1024 * 1024;

pub(crate) fn read(texts: &Texts) -> Result<MakePlan, Failure> {
    let files = texts.files.iter().map(|path| file(path)).collect::<Result<_, _>>()?;
    let wanted = MakePlan {
        files,
        references: Some(texts.set.iter().cloned().collect()),
        module: texts.module.clone(),
    };
    match surplus(&wanted) {
        Some(why) => Err(Failure::new(Kind::Usage, why)),
        None => Ok(wanted),
    }
}

/// What is wrong where a value is given for a reference that the texts do not have: it would go nowhere, and mostly is misspelt.
fn surplus(wanted: &MakePlan) -> Option<String> {
    let given = wanted.references.as_ref().filter(|given| !given.is_empty())?;
    let open: Vec<String> = match terraform::read(&MakePlan { references: None, ..wanted.clone() }.into()) {
        Reading::Unresolved { references } => references.into_iter().map(|one| one.reference).collect(),
        Reading::Complete { .. } => Vec::new(),
        // What is wrong with the texts is told first.
        Reading::Malformed { .. } | Reading::ChooseModule { .. } => return None,
    };
    // One that is asked for only once another is known stands in a text all the same.
    let stands = |name: &str| wanted.files.iter().any(|file| file.text.contains(name));
    let name = given.keys().find(|name| !open.contains(*name) && !stands(name.as_str()))?;
    Some(match open.is_empty() {
        true => format!("--set {name}: the files have no such reference, and leave no value open"),
        false => {
            format!("--set {name}: the files have no such reference; they leave open {}", open.join(", "))
        }
    })
}

fn file(path: &Path) -> Result<SourceFile, Failure> {
    let usage = |why: String| Failure::new(Kind::Usage, format!("{}: {why}", path.display()));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(LARGEST + 1).read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text))
    };
    let bytes = read.map_err(|error| usage(error.to_string()))?;
    if bytes as u64 > LARGEST {
        return Err(usage("is larger than 1 MiB".to_owned()));
    }
    let name = match path.file_name() {
        Some(name) if path != Path::new("-") => name.to_string_lossy().into_owned(),
        _ => "main.tf".to_owned(),
    };
    Ok(SourceFile { name, text })
}

/// Nothing where the texts are complete; otherwise what is wrong or missing, and the flag that helps.
pub(crate) fn check(answer: &PlanAnswer) -> Result<(), Failure> {
    let message = match answer.status {
        PlanStatus::Complete => return Ok(()),
        PlanStatus::Malformed => {
            let errors = answer.errors.iter().map(|error| {
                let position = match (&error.file, error.line, error.column) {
                    (Some(file), Some(line), Some(column)) => {
                        Some(Position { file: file.clone(), line, column })
                    }
                    _ => None,
                };
                let line_text = error.line_text.clone();
                terraform::format_error(&ImportError { message: error.message.clone(), position, line_text })
            });
            // The first line follows `error: ` of the failure itself.
            errors.collect::<Vec<_>>().join("\n").trim_start_matches("error: ").to_owned()
        }
        PlanStatus::ChooseModule => {
            let modules = answer.modules.join(", ");
            format!("the files hold several module blocks: choose one by --module: {modules}")
        }
        PlanStatus::Unresolved => {
            let mut message = "only Terraform knows some values; give each by --set".to_owned();
            for reference in &answer.references {
                message.push_str(&format!(
                    "\n  --set '{}=…'  # {} at {}:{}:{}",
                    reference.reference,
                    reference.attribute,
                    reference.file,
                    reference.line,
                    reference.column
                ));
            }
            message
        }
    };
    Err(Failure::new(Kind::Refused, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../../examples/basic.tf");

    fn given(text: &str, names: &[&str]) -> Option<String> {
        surplus(&MakePlan {
            files: vec![SourceFile { name: "main.tf".to_owned(), text: text.to_owned() }],
            references: Some(names.iter().map(|name| ((*name).to_owned(), "value".to_owned())).collect()),
            module: None,
        })
    }

    #[test]
    fn a_value_for_a_reference_that_no_text_has_is_refused_with_those_that_are_open() {
        let (network, subnet) = ("module.networking.vpc_id", "module.networking.subnet_id");
        assert_eq!(given(TEXT, &[]), None);
        assert_eq!(given(TEXT, &[network]), None);
        assert_eq!(given(TEXT, &[network, subnet]), None);
        let why = given(TEXT, &[network, "module.networking.vpcid"]).expect("a refusal");
        assert!(why.starts_with("--set module.networking.vpcid: the files have no such reference"), "{why}");
        assert!(why.contains(network) && why.contains(subnet), "{why}");
        assert_eq!(given("module \"a\" {", &["foo"]), None, "what is malformed is told by itself");
    }
}
