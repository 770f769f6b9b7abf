//! Votes on changes. Both halves of a signature are JSON: the bytes between them are the passkey's.

use domain::{
    ChangeId,
    approvals::Ballot,
    view::approval::{VoteAnswer, VoteOptions},
};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "begin_vote", input = Json, output = Json)]
pub async fn begin_vote(id: ChangeId, revision: u32, ballot: Ballot) -> Result<VoteOptions, ApiError> {
    let request = super::request()?;
    request.answer(control::votes::begin_vote(&request.control, &request.actor, id, revision, ballot).await)
}

#[server(prefix = "/fn", endpoint = "finish_vote", input = Json, output = Json)]
pub async fn finish_vote(id: ChangeId, answer: VoteAnswer, reason: String) -> Result<(), ApiError> {
    let request = super::request()?;
    request.answer(control::votes::finish_vote(&request.control, &request.actor, id, &answer, &reason).await)
}
