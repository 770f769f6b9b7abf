//! What a vote costs: changes of production, each signed by three people with passkeys made of software, through the
//! use-cases that the page calls. The third signature fills the quorum, so all evidence is weighed again with it.

use anyhow::{Context as _, ensure};
use approval::{Algorithm, authenticator::Authenticator};
use control::{Control, passkeys, votes};
use domain::{
    Actor, ChangeId, ChangeState, Role,
    approvals::Ballot,
    view::approval::{RegistrationAnswer, VoteAnswer},
};
use tokio::time::Instant;

use crate::{
    fleet::{propose, terraform},
    series::Series,
    stack::Stack,
};

const PROJECT: &str = "genesis-project-prod";

/// Two of sre and one of security, as the stack's configuration has them.
const PEOPLE: [&str; 3] = ["wen", "noor", "ines"];

pub(crate) async fn measure(stack: &Stack, quick: bool) -> anyhow::Result<()> {
    let changes = if quick { 10 } else { 70 };
    let control = stack.control().await?;
    let mut voters = Vec::new();
    for name in PEOPLE {
        voters.push(Voter::new(stack, &control, name).await?);
    }
    let (mut asking, mut answering, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..changes {
        let id = propose(stack, &control, terraform("prod", PROJECT, 3)).await?;
        let found = control.store.get_change(id).await?.context("the change is gone")?;
        ensure!(found.state == ChangeState::AwaitingApprovals, "{id} waits for nobody");
        for voter in &mut voters {
            let began = Instant::now();
            let answer = voter.sign(&control, id, found.revision.number).await?;
            let signed = Instant::now();
            votes::finish_vote(&control, &voter.actor, id, &answer, "I read it").await?;
            asking.push(signed - began);
            answering.push(signed.elapsed());
            whole.push(began.elapsed());
        }
        let cleared = control.store.get_change(id).await?.context("the change is gone")?;
        ensure!(cleared.state == ChangeState::Approved, "{id} is {:?} after three votes", cleared.state);
    }
    Series::times("vote: the statement is made and signed", &asking).say()?;
    Series::times("vote: verified, stored and counted", &answering).say()?;
    Series::times("vote, both together", &whole).say()
}

struct Voter {
    actor: Actor,
    key: Authenticator,
}

impl Voter {
    /// Signs in and registers a passkey.
    async fn new(stack: &Stack, control: &Control, name: &str) -> anyhow::Result<Self> {
        let actor = stack.person(control, name, Role::Approver).await?;
        let seed = name.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let key = Authenticator::new(&control.signing.party, Algorithm::Es256, seed).context("no key")?;
        let options = passkeys::begin_registration(control, &actor).await?;
        let made = key.create(&options.challenge);
        let answer = RegistrationAnswer {
            challenge: options.challenge,
            client_data_json: made.client_data_json,
            attestation_object: made.attestation_object,
        };
        passkeys::finish_registration(control, &actor, "Laptop", &answer).await?;
        Ok(Self { actor, key })
    }

    /// What the page and the authenticator do: ask what is to be signed, and sign it.
    async fn sign(&mut self, control: &Control, id: ChangeId, revision: u32) -> anyhow::Result<VoteAnswer> {
        let options = votes::begin_vote(control, &self.actor, id, revision, Ballot::Approve).await?;
        let signed = self.key.get(&options.challenge);
        Ok(VoteAnswer {
            challenge: options.challenge,
            credential_id: self.key.credential_id.clone(),
            client_data_json: signed.client_data_json,
            authenticator_data: signed.authenticator_data,
            signature: signed.signature,
        })
    }
}
