//! One style sheet out of the files in `style/`. Their cascade layers decide what wins; the order of the files
//! matters only in that the layers are declared first and print comes last.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// All of `style/`, in order, as one text.
pub(crate) fn sheet(folder: &Path) -> Result<String> {
    let mut files = css_files(folder)?;
    files.extend(css_files(&folder.join("components"))?);
    if files.is_empty() {
        bail!("no style sheets in {}", folder.display());
    }
    files.sort_by_key(|file| rank(file.strip_prefix(folder).unwrap_or(file)));
    let mut sheet = String::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
        sheet.push_str(text.trim());
        sheet.push('\n');
    }
    Ok(sheet)
}

fn css_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "css") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The named layers in their order, then what has no name of its own, components by name, print last.
fn rank(file: &Path) -> (usize, PathBuf) {
    const FIRST: [&str; 4] = ["tokens.css", "reset.css", "base.css", "layout.css"];
    let name = file.to_string_lossy();
    let rank = match FIRST.iter().position(|first| *first == name) {
        Some(position) => position,
        None if name == "print.css" => FIRST.len() + 2,
        None if file.starts_with("components") => FIRST.len() + 1,
        None => FIRST.len(),
    };
    (rank, file.to_path_buf())
}

/// Without comments and indentation: what a release serves. Text in quotes stays as it is.
pub(crate) fn without_comments(sheet: &str) -> String {
    let mut out = String::with_capacity(sheet.len());
    let mut rest = sheet.chars().peekable();
    let mut quote = None;
    while let Some(character) = rest.next() {
        match (quote, character) {
            (None, '/') if rest.peek() == Some(&'*') => {
                rest.next();
                let mut before = ' ';
                for inside in rest.by_ref() {
                    if before == '*' && inside == '/' {
                        break;
                    }
                    before = inside;
                }
            }
            (None, '"' | '\'') => {
                quote = Some(character);
                out.push(character);
            }
            (Some(_), '\\') => {
                out.push(character);
                out.extend(rest.next());
            }
            (Some(open), close) if open == close => {
                quote = None;
                out.push(character);
            }
            (None, '\n') => {
                while rest.next_if(|c| c.is_whitespace()).is_some() {}
                if !out.ends_with('\n') && !out.is_empty() {
                    out.push('\n');
                }
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn tokens_come_first_and_print_last() {
        let scratch = Scratch::new("style").unwrap();
        fs::create_dir(scratch.path().join("components")).unwrap();
        for file in [
            "print.css",
            "layout.css",
            "components/table.css",
            "components/button.css",
            "zebra.css",
            "tokens.css",
        ] {
            fs::write(scratch.path().join(file), format!("/* {file} */\n\n")).unwrap();
        }
        fs::write(scratch.path().join("README.md"), "not a sheet").unwrap();
        let expected = "/* tokens.css */\n/* layout.css */\n/* zebra.css */\n/* components/button.css */\n\
            /* components/table.css */\n/* print.css */\n";
        assert_eq!(sheet(scratch.path()).unwrap(), expected);
    }

    #[test]
    fn a_folder_without_sheets_is_an_error() {
        let scratch = Scratch::new("style").unwrap();
        assert!(sheet(scratch.path()).unwrap_err().to_string().contains("no style sheets"));
    }

    #[test]
    fn comments_go_and_quoted_text_stays() {
        let sheet = "/* why */\n.a {\n    content: \"/* not one */ \\\" '\";\n\n    color: red; /* x */\n}\n";
        assert_eq!(without_comments(sheet), ".a {\ncontent: \"/* not one */ \\\" '\";\ncolor: red; \n}\n");
    }
}
