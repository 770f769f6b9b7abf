//! The whole way from the texts to the reading, and the limits on what is looked at.

use domain::view::import::{ImportInput, Reading};

use crate::{
    choose::{Choice, choose},
    declarations::Declarations,
    evaluate::Evaluator,
    parse::parse,
    report::Report,
    schema::{Reader, fleet},
    source::{At, Sources},
};

/// All texts and answers together. The largest fleets seen are a tenth of it.
const MOST_BYTES: usize = 1024 * 1024;
const MOST_FILES: usize = 50;

/// Reads the texts as far as they go.
///
/// `input.references` answers references that only Terraform could resolve, by their name as written. An answer is a
/// text, or JSON where a list or an object is wanted; an empty one counts as none. `project_id`, `region`,
/// `environment`, `network_id` and `subnet_id`, which the module requires, are asked for by their own names
/// where the module block leaves them out; their position is the block's.
///
/// Everything wrong is reported at once, as far as one mistake does not hide another; and only when nothing is wrong
/// the questions are asked.
pub fn read(input: &ImportInput) -> Reading {
    let sources = Sources::new(&input.files);
    let mut report = Report::default();
    check_limits(input, &sources, &mut report);
    if !report.is_empty() {
        return Reading::Malformed { errors: report.into_errors(&sources) };
    }
    let bodies: Vec<_> =
        (0_u16..).zip(&sources.0).map(|(file, source)| parse(source, file, &mut report)).collect();
    let declarations = Declarations::collect(&sources, &bodies, &mut report);
    if !report.is_empty() {
        return Reading::Malformed { errors: report.into_errors(&sources) };
    }
    // A form's empty field chooses nothing.
    let wanted = input.module.as_deref().filter(|name| !name.is_empty());
    let module = match choose(&declarations, wanted, &mut report) {
        Choice::Module(module) => module,
        Choice::Ask(modules) => return Reading::ChooseModule { modules },
        Choice::None => return Reading::Malformed { errors: report.into_errors(&sources) },
    };
    let mut reader = Reader::new(Evaluator::new(&sources, &declarations, &input.references));
    let desired = fleet(module, &mut reader);
    if !reader.evaluator.report.is_empty() {
        return Reading::Malformed { errors: reader.evaluator.report.into_errors(&sources) };
    }
    let references = reader.questions(&sources);
    if references.is_empty() {
        Reading::Complete { desired: Box::new(desired) }
    } else {
        Reading::Unresolved { references }
    }
}

fn check_limits(input: &ImportInput, sources: &Sources<'_>, report: &mut Report) {
    if sources.0.len() > MOST_FILES {
        report.push(None, format!("{} files are too many: at most {MOST_FILES}", sources.0.len()));
        return;
    }
    let answers = input.references.iter().map(|(reference, answer)| reference.len() + answer.len());
    let bytes: usize = input.files.iter().map(|file| file.text.len()).chain(answers).sum();
    if bytes > MOST_BYTES {
        report.push(None, format!("{bytes} bytes are too much: at most {MOST_BYTES} in all files together"));
    }
    for (file, source) in (0_u16..).zip(&sources.0) {
        let start = At { file, offset: 0 };
        let name = source.name;
        if name.ends_with(".json") {
            report.push(start, format!("`{name}`: Terraform's JSON form is not read; give the .tf file"));
        } else if source.syntax.is_none() {
            report.push(
                start,
                format!("`{name}` is neither a .tf nor a .tfvars file: rename it or leave it out"),
            );
        }
        if sources.0.iter().take(usize::from(file)).any(|other| other.name == name) {
            report.push(start, format!("`{name}` is given twice: leave one out"));
        }
    }
}
