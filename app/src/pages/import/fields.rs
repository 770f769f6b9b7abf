//! The names of the import form's fields, as the page writes and the server reads them.

/// Before the reference itself: `reference:module.networking.vpc_id`.
pub const REFERENCE: &str = "reference:";
pub const FILE_NAME: &str = "file_name";
pub const FILE_TEXT: &str = "file_text";
pub const UPLOAD: &str = "upload";
pub const MODULE: &str = "module";
pub const DIGEST: &str = "digest";
pub const REASON: &str = "reason";
pub const INTENT: &str = "intent";
pub const PLAN: &str = "plan";
pub const PROPOSE: &str = "propose";
/// The change that the texts become the next revision of, and the revision that its editor looked at.
pub const REVISES: &str = "revises";
pub const REVISION: &str = "revision";
/// Of a text that was pasted.
pub const DEFAULT_NAME: &str = "main.tf";
