//! The import form as a browser posts it, with or without scripts: read, plan or propose, and answer with the page
//! or the way to the change. Server functions redirect back and so could not show a plan.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest as _, Multipart, Request},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::view::import::{ImportInput, SourceFile};
use http::{StatusCode, request::Parts};
use leptos::{config::LeptosOptions, prelude::*};

use crate::{
    api::{ApiError, Code, request, status},
    form_post,
    pages::import::{Submission, fields},
    routes,
};

/// The answer to `POST /import`. `context` is what the server provides for every page.
pub async fn submit(
    options: LeptosOptions,
    context: impl Fn() + Clone + Send + Sync + 'static,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let form = read(Request::from_parts(parts.clone(), body)).await;
    let submission = match form {
        Ok(form) if form.propose => match propose(&form, parts.clone(), context.clone()).await {
            Ok(path) => return Redirect::to(&path).into_response(),
            Err(error) => Submission { problem: Some(error), ..form.submission },
        },
        Ok(form) => form.submission,
        Err(message) => Submission { problem: Some(invalid(message)), ..Submission::default() },
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

/// The message of what is wrong with the form itself; what is wrong with the texts in it is the plan's to say.
async fn read(request: Request) -> Result<Form, String> {
    let mut parts = Multipart::from_request(whole(request).await?, &())
        .await
        .map_err(|error| format!("The form: {}.", error.body_text()))?;
    let mut input = ImportInput::default();
    let mut names = Vec::new();
    let mut texts = Vec::new();
    let (mut digest, mut reason, mut propose) = (None, String::new(), false);
    let (mut revises, mut revision) = (None, None);
    loop {
        let part = parts.next_field().await.map_err(|error| format!("The form: {}.", error.body_text()))?;
        let Some(part) = part else { break };
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.file_name().map(str::to_owned);
        let bytes = part.bytes().await.map_err(|error| format!("The form: {}.", error.body_text()))?;
        let text = String::from_utf8(bytes.to_vec())
            .map_err(|_| format!("{} is not UTF-8 text.", file_name.clone().unwrap_or_else(|| name.clone())))?
            .replace("\r\n", "\n");
        match name.as_str() {
            fields::FILE_NAME => names.push(text),
            fields::FILE_TEXT => texts.push(text),
            fields::UPLOAD => {
                if let Some(file) = uploaded(file_name, text) {
                    input.files.push(file);
                }
            }
            fields::MODULE => input.module = Some(text).filter(|module| !module.is_empty()),
            fields::DIGEST => digest = Some(text).filter(|digest| !digest.is_empty()),
            fields::REASON => reason = text.trim().to_owned(),
            fields::REVISES => revises = text.parse().ok(),
            // The last one counts: where somebody else's revision came between, it stands after the one that was looked at.
            fields::REVISION => revision = text.parse().ok(),
            fields::INTENT => propose = text == fields::PROPOSE,
            _ => {
                if let Some(reference) = name.strip_prefix(fields::REFERENCE)
                    && !text.trim().is_empty()
                {
                    input.references.insert(reference.to_owned(), text.trim().to_owned());
                }
            }
        }
    }
    let typed = names.into_iter().zip(texts).filter_map(|(name, text)| typed(&name, text));
    input.files = typed.chain(std::mem::take(&mut input.files)).collect();
    if input.files.is_empty() {
        return Err("There is no text to read: paste a module block, or choose a file.".to_owned());
    }
    let submission =
        Submission { input, digest, reason, problem: None, posted: true, revises: revises.zip(revision) };
    Ok(Form { submission, propose })
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
    // Some browsers send the path.
    let name = name.rsplit(['/', '\\']).next().unwrap_or(&name).to_owned();
    typed(&name, text)
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
        let form = read(request).await.unwrap();
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
        let form = read(Request::from_parts(head, Body::from_stream(late))).await.unwrap();
        assert_eq!(form.submission.input.files[0].text, "a = 1");
    }

    #[tokio::test]
    async fn a_form_that_is_too_large_says_what_to_leave_out() {
        let text = "a".repeat(3 * 1024 * 1024);
        let Err(message) = read(post(&[("file_name", None, "main.tf"), ("file_text", None, &text)])).await
        else {
            panic!("a form beyond the limit was read");
        };
        assert!(message.contains("leave out the files"), "{message}");
    }

    #[tokio::test]
    async fn an_empty_form_is_told_what_to_do() {
        let Err(message) = read(post(&[("file_name", None, "main.tf"), ("file_text", None, " \n")])).await
        else {
            panic!("an empty form was read");
        };
        assert!(message.contains("paste a module block"), "{message}");
    }

    #[tokio::test]
    async fn what_is_no_form_is_said_so() {
        let request = Request::post("/import").body(Body::from("x")).unwrap();
        assert!(read(request).await.is_err());
    }
}
