//! What a person reads who hands in something wrong: one file per mistake, its messages in a snapshot beside it.

use std::{fs, path::Path};

use domain::view::import::{ImportInput, Reading, SourceFile};

#[test]
fn each_mistake_is_told_with_its_place_and_the_fix() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/malformed");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tf"))
        .collect();
    names.sort();
    assert!(names.len() >= 30, "{}", names.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut failed = Vec::new();
    for name in names {
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        let files = vec![SourceFile { name: name.clone(), text }];
        let Reading::Malformed { errors } = terraform::read(&ImportInput { files, ..ImportInput::default() })
        else {
            failed.push(format!("{name} is not malformed"));
            continue;
        };
        let told: Vec<String> = errors.iter().map(terraform::format_error).collect();
        settings.bind(|| insta::assert_snapshot!(name.trim_end_matches(".tf"), told.join("\n\n")));
    }
    assert!(failed.is_empty(), "{failed:?}");
}
