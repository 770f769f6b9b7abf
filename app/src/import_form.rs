//! The import form as a browser posts it, with or without scripts: read, plan or propose, and answer with the page
//! or the way to the change. Server functions redirect back and so could not show a plan.

use std::collections::BTreeMap;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest as _, Multipart, Request, multipart::MultipartError},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{
    ChangeId,
    view::import::{ImportInput, SourceFile},
};
use http::{StatusCode, request::Parts};
use leptos::{config::LeptosOptions, prelude::*};

use crate::{
    api::{ApiError, Code, request, status},
    form_post,
    pages::import::{Submission, fields},
    routes, words,
};

/// The answer to `POST /import`. `context` is what the server provides for every page.
pub async fn submit(
    options: LeptosOptions,
    context: impl Fn() + Clone + Send + Sync + 'static,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let form = read(Request::from_parts(parts.clone(), body)).await;
    let submission = if form.propose {
        match propose(&form, parts.clone(), context.clone()).await {
            Ok(path) => return Redirect::to(&path).into_response(),
            Err(error) => Submission { problem: Some(error), ..form.submission },
        }
    } else {
        form.submission
    };
    let status = submission.problem.as_ref().map(|problem| status(problem.code));
    form_post::drawn_with(submission, status, options, context, parts).await
}

struct Form {
    submission: Submission,
    propose: bool,
}

async fn propose(
    form: &Form,
    parts: Parts,
    context: impl Fn() + Clone + Send + Sync + 'static,
) -> Result<String, ApiError> {
    let asked = Owner::new().with(|| {
        provide_context(parts);
        context();
        request()
    })?;
    let submission = &form.submission;
    let Some(digest) = &submission.digest else {
        return Err(invalid("Plan it first: a proposal names the plan that was seen."));
    };
    if let Some((id, revision)) = submission.revises {
        let revised = control::import::revise_import(
            &asked.control,
            &asked.actor,
            (id, revision),
            submission.input.clone(),
            digest,
        )
        .await;
        return asked.answer(revised).map(|_| routes::change(id));
    }
    let proposed = control::import::propose_import(
        &asked.control,
        &asked.actor,
        submission.input.clone(),
        digest,
        &submission.reason,
    )
    .await;
    asked.answer(proposed).map(routes::change)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(Code::Invalid, message)
}

/// What the form holds. Where something is wrong with the form itself, that is its problem, and what could be read comes back
/// all the same; what is wrong with the texts in it is the plan's to say.
async fn read(request: Request) -> Form {
    let mut draft = Draft::default();
    let end = draft.read(request).await;
    draft.finish(end)
}

/// A form as far as it was read.
#[derive(Default)]
struct Draft {
    names: Vec<String>,
    texts: Vec<String>,
    uploads: Vec<SourceFile>,
    references: BTreeMap<String, String>,
    module: Option<String>,
    digest: Option<String>,
    reason: String,
    propose: bool,
    revises: Option<ChangeId>,
    revision: Option<u32>,
    /// Files and fields that are no text.
    unreadable: Vec<String>,
}

impl Draft {
    async fn read(&mut self, request: Request) -> Result<(), String> {
        let mut parts = Multipart::from_request(whole(request).await?, &())
            .await
            .map_err(|error| format!("The form: {}.", error.body_text()))?;
        while let Some(part) = parts.next_field().await.map_err(|error| cut_short(&error))? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(base_name);
            let bytes = part.bytes().await.map_err(|error| cut_short(&error))?;
            let text = match std::str::from_utf8(&bytes) {
                Ok(text) => text.replace("\r\n", "\n"),
                Err(_) => {
                    self.unreadable.push(file_name.clone().unwrap_or_else(|| name.clone()));
                    if name == fields::UPLOAD {
                        continue;
                    }
                    // Left out, each text after it would go by the name of another.
                    String::from_utf8_lossy(&bytes).into_owned()
                }
            };
            self.take(&name, file_name, text);
        }
        Ok(())
    }

    fn take(&mut self, name: &str, file_name: Option<String>, text: String) {
        match name {
            fields::FILE_NAME => self.names.push(text),
            fields::FILE_TEXT => self.texts.push(text),
            fields::UPLOAD => self.uploads.extend(uploaded(file_name, text)),
            fields::MODULE => self.module = Some(text).filter(|module| !module.is_empty()),
            fields::DIGEST => self.digest = Some(text).filter(|digest| !digest.is_empty()),
            fields::REASON => text.trim().clone_into(&mut self.reason),
            fields::REVISES => self.revises = text.parse().ok(),
            // The last one counts: where somebody else's revision came between, it stands after the one that was looked at.
            fields::REVISION => self.revision = text.parse().ok(),
            fields::INTENT => self.propose = text == fields::PROPOSE,
            _ => {
                if let Some(reference) = name.strip_prefix(fields::REFERENCE)
                    && !text.trim().is_empty()
                {
                    self.references.insert(reference.to_owned(), text.trim().to_owned());
                }
            }
        }
    }

    /// `end`: what kept it from being read whole.
    fn finish(self, end: Result<(), String>) -> Form {
        let typed = self.names.into_iter().zip(self.texts).filter_map(|(name, text)| typed(&name, text));
        let files: Vec<SourceFile> = typed.chain(self.uploads).collect();
        let problem = end.err().or_else(|| left_out(&self.unreadable, !files.is_empty())).or_else(|| {
            files
                .is_empty()
                .then(|| "There is no text to read: paste a module block, or choose a file.".to_owned())
        });
        // Without all that was sent it would be the plan of something else.
        let whole = problem.is_none();
        Form {
            submission: Submission {
                input: ImportInput { files, references: self.references, module: self.module },
                digest: self.digest,
                reason: self.reason,
                problem: problem.map(invalid),
                posted: whole,
                revises: self.revises.zip(self.revision),
            },
            propose: self.propose && whole,
        }
    }
}

fn cut_short(error: &MultipartError) -> String {
    format!("The form: {}.", error.body_text())
}

/// Which files are no text, and what became of the others.
fn left_out(unreadable: &[String], others: bool) -> Option<String> {
    if unreadable.is_empty() {
        return None;
    }
    let (is, was) = if unreadable.len() == 1 { ("is", "was") } else { ("are", "were") };
    let next = if others {
        "The other texts are kept below: plan again."
    } else {
        "Paste a module block, or choose another file."
    };
    Some(format!("{} {is} not UTF-8 text and {was} left out. {next}", words::list(unreadable)))
}

/// The request once all of its body is there. Where a body comes after its head, what reads the parts may look for the first
/// one just before it arrives and for the end just after, and takes the form for one that was cut short.
async fn whole(request: Request) -> Result<Request, String> {
    let (parts, body) = request.into_parts();
    let bytes =
        Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await.map_err(|error| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                "The form is too large: leave out the files that the module block does not need.".to_owned()
            } else {
                format!("The form: {}.", error.body_text())
            }
        })?;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// A file field that was left empty comes without a name.
fn uploaded(name: Option<String>, text: String) -> Option<SourceFile> {
    let name = name.filter(|name| !name.is_empty())?;
    typed(&name, text)
}

/// Some browsers send the path.
fn base_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

fn typed(name: &str, text: String) -> Option<SourceFile> {
    let name = name.trim();
    let name = if name.is_empty() { fields::DEFAULT_NAME } else { name };
    (!text.trim().is_empty()).then(|| SourceFile { name: name.to_owned(), text })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    fn post(parts: &[(&str, Option<&str>, &str)]) -> Request {
        let mut body = String::new();
        for (name, file, text) in parts {
            let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            body +=
                &format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n");
        }
        body += "--x--\r\n";
        Request::post("/import")
            .header("content-type", "multipart/form-data; boundary=x")
            .body(Body::from(body))
            .unwrap()
    }

    fn problem(form: &Form) -> &str {
        form.submission.problem.as_ref().map_or("", |problem| problem.message.as_str())
    }

    #[tokio::test]
    async fn pasted_and_uploaded_files_are_read_together() {
        let request = post(&[
            ("file_name", None, "main.tf"),
            ("file_text", None, "a = 1\r\nb = 2"),
            ("upload", Some("C:\\x\\terraform.tfvars"), "c = 3"),
            ("upload", Some(""), ""),
            ("reference:module.net.id", None, " net-1 "),
            ("reference:module.net.other", None, ""),
            ("intent", None, "propose"),
            ("digest", None, "ab"),
        ]);
        let form = read(request).await;
        let files: Vec<_> =
            form.submission.input.files.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
        assert_eq!(files, [("main.tf", "a = 1\nb = 2"), ("terraform.tfvars", "c = 3")]);
        assert_eq!(form.submission.input.references.len(), 1);
        assert_eq!(form.submission.input.references["module.net.id"], "net-1");
        assert!(form.propose);
        assert_eq!(form.submission.digest.as_deref(), Some("ab"));
    }

    #[tokio::test]
    async fn a_form_that_arrives_after_its_head_is_read() {
        let (head, body) = post(&[("file_name", None, "main.tf"), ("file_text", None, "a = 1")]).into_parts();
        let body = Bytes::from_request(Request::new(body), &()).await.unwrap();
        let late = stream::once(async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(body)
        });
        let form = read(Request::from_parts(head, Body::from_stream(late))).await;
        assert_eq!(form.submission.input.files[0].text, "a = 1");
    }

    #[tokio::test]
    async fn a_form_that_is_too_large_says_what_to_leave_out() {
        let text = "a".repeat(3 * 1024 * 1024);
        let form = read(post(&[("file_name", None, "main.tf"), ("file_text", None, &text)])).await;
        assert!(problem(&form).contains("leave out the files"), "{}", problem(&form));
    }

    #[tokio::test]
    async fn an_empty_form_is_told_what_to_do_and_keeps_what_it_edits() {
        let form = read(post(&[
            ("revises", None, "chg-3"),
            ("revision", None, "2"),
            ("reference:var.n", None, "7"),
            ("module", None, "first"),
            ("file_name", None, "main.tf"),
            ("file_text", None, " \n"),
            ("reason", None, "why"),
            ("intent", None, "propose"),
        ]))
        .await;
        assert!(problem(&form).contains("paste a module block"), "{}", problem(&form));
        let submission = form.submission;
        assert!(!form.propose && !submission.posted, "there is nothing to plan");
        assert_eq!(submission.revises, Some((ChangeId(3), 2)));
        assert_eq!(submission.input.references["var.n"], "7");
        assert_eq!((submission.input.module.as_deref(), submission.reason.as_str()), (Some("first"), "why"));
    }

    #[tokio::test]
    async fn a_file_that_is_no_text_is_left_out_by_name_and_the_others_stay() {
        let image = b"--x\r\ncontent-disposition: form-data; name=\"upload\"; filename=\"notes.png\"\r\n\r\n\x89PNG\r\n";
        let files = post(&[
            ("file_name", None, "main.tf"),
            ("file_text", None, "a = 1"),
            ("upload", Some("terraform.tfvars"), "b = 2"),
            ("intent", None, "propose"),
        ]);
        let (head, body) = files.into_parts();
        let rest = Bytes::from_request(Request::new(body), &()).await.unwrap();
        let form =
            read(Request::from_parts(head.clone(), Body::from([&image[..], &rest[..]].concat()))).await;
        assert!(
            problem(&form).starts_with("notes.png is not UTF-8 text and was left out."),
            "{}",
            problem(&form)
        );
        assert!(!form.propose && !form.submission.posted, "it would be the plan of something else");
        let names: Vec<_> = form.submission.input.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["main.tf", "terraform.tfvars"]);

        let alone = [&image[..], &b"--x--\r\n"[..]].concat();
        let form = read(Request::from_parts(head, Body::from(alone))).await;
        assert!(problem(&form).contains("choose another file"), "{}", problem(&form));
    }

    #[tokio::test]
    async fn what_is_no_form_is_said_so() {
        let request = Request::post("/import").body(Body::from("x")).unwrap();
        assert!(!problem(&read(request).await).is_empty());
    }
}
