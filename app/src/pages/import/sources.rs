//! The texts of an import: what was pasted or uploaded comes back editable, so that a mistake is mended in place.

use domain::view::import::SourceFile;
use leptos::prelude::*;

use super::fields;
use crate::{
    components::{button::Submit, field::TextField, icon::turning_arrow},
    words,
};

pub fn sources(files: Vec<SourceFile>, planned: bool) -> impl IntoView {
    if files.is_empty() {
        return view! {
            <section class="panel" aria-labelledby="sources">
                <header class="panel-head">
                    <h2 id="sources">"Terraform"</h2>
                </header>
                <div class="panel-body form">
                    <input type="hidden" name=fields::FILE_NAME value=fields::DEFAULT_NAME />
                    <div class="field">
                        <label for="file-text">"Module block"</label>
                        <textarea
                            class="input"
                            id="file-text"
                            name=fields::FILE_TEXT
                            rows="16"
                            spellcheck="false"
                            autocomplete="off"
                            placeholder=PLACEHOLDER
                        ></textarea>
                    </div>
                    {upload("Or choose files")}
                </div>
                {foot(true)}
            </section>
        }
        .into_any();
    }
    let one = files.len() == 1;
    let blocks = files.into_iter().enumerate().map(|(index, file)| source(index, file, one)).collect_view();
    view! {
        <section class="panel" aria-labelledby="sources">
            <header class="panel-head">
                <h2 id="sources">"Terraform"</h2>
            </header>
            {blocks}
            <div class="panel-body block">{upload("Add files")}</div>
            {foot(!planned)}
        </section>
    }
    .into_any()
}

const PLACEHOLDER: &str = "module \"vm_management\" {\n  source = \"./modules/vm-management\"\n  \u{2026}\n}";

fn source(index: usize, file: SourceFile, open: bool) -> AnyView {
    let text_id = format!("file-text-{index}");
    let lines = file.text.lines().count() as u64;
    // A parser drops the first line break after the tag, and it may be one of the text's own.
    let text = format!("\n{}", file.text);
    view! {
        <details class="more" open=open>
            <summary class="cluster">
                {turning_arrow()} <b class="break">{file.name.clone()}</b>
                // A long name breaks; its count does not.
                <small>{words::count(lines, "line").replace(' ', "\u{a0}")}</small>
            </summary>
            <div class="panel-body form">
                <TextField
                    id=format!("file-name-{index}")
                    field=(fields::FILE_NAME, file.name)
                    label="File"
                    mono=true
                />
                <div class="field">
                    <label for=text_id.clone()>"Text"</label>
                    <textarea
                        class="input"
                        id=text_id
                        name=fields::FILE_TEXT
                        rows="16"
                        spellcheck="false"
                        autocomplete="off"
                    >
                        {text}
                    </textarea>
                </div>
            </div>
        </details>
    }
    .into_any()
}

fn upload(label: &'static str) -> AnyView {
    view! {
        <div class="field">
            <label for="upload">{label}</label>
            <input
                class="input"
                type="file"
                id="upload"
                name=fields::UPLOAD
                multiple
                accept=".tf,.tfvars,.hcl,.txt"
                aria-describedby="upload-hint"
            />
            <p class="sm muted" id="upload-hint">
                "One or more .tf files, and a .tfvars file for values of variables."
            </p>
        </div>
    }
    .into_any()
}

fn foot(primary: bool) -> AnyView {
    view! {
        <footer class="panel-foot actions">
            <span class="reason sm">"Planning changes nothing."</span>
            <Submit label="Plan" id="plan" primary=primary name=fields::INTENT value=fields::PLAN />
        </footer>
    }
    .into_any()
}
