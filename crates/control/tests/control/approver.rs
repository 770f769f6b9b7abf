//! People with passkeys made of software, and the roster that they are in.

use std::collections::{BTreeMap, BTreeSet};

use approval::{Algorithm, authenticator::Authenticator};
use control::{Control, Error, passkeys, people, rosters, votes};
use domain::{
    Actor, ChangeId, ChangeState, Role,
    approvals::Ballot,
    view::approval::{RegistrationAnswer, RegistrationOptions, VoteAnswer, VoteOptions},
};

use crate::fixture::{change, operator, person, production, propose};

pub(crate) struct Approver {
    pub(crate) actor: Actor,
    pub(crate) key: Authenticator,
}

/// Four people who may clear a change of production, and one who is in no group.
pub(crate) async fn roster(control: &Control) {
    rosters::declare_roster(control, &groups(&["wen", "noor", "jonah"], &["ines"])).await.expect("a roster");
}

pub(crate) fn groups(sre: &[&str], security: &[&str]) -> rosters::Groups {
    let set = |people: &[&str]| people.iter().map(|&person| person.to_owned()).collect::<BTreeSet<_>>();
    BTreeMap::from([("sre".to_owned(), set(sre)), ("security".to_owned(), set(security))])
}

pub(crate) async fn sign_in(control: &Control, actor: &Actor) {
    let groups = BTreeSet::new();
    people::sign_in(control, actor, "https://issuer.test", "x@issuer.test", &groups, None)
        .await
        .expect("a person");
}

impl Approver {
    /// Signs in and registers a passkey.
    pub(crate) async fn new(control: &Control, name: &str) -> Self {
        Self::with(control, person(name, &[Role::Approver])).await
    }

    pub(crate) async fn with(control: &Control, actor: Actor) -> Self {
        let approver = Self::without_passkey(control, actor).await;
        approver.register(control).await.expect("a passkey");
        approver
    }

    /// Whose passkey may be registered already; its counter goes on from there.
    pub(crate) async fn known(control: &Control, name: &str) -> Self {
        let mut approver = Self::without_passkey(control, person(name, &[Role::Approver])).await;
        match control.store.list_passkeys(name).await.expect("a database").pop() {
            Some(passkey) => approver.key.sign_count = passkey.sign_count,
            None => approver.register(control).await.expect("a passkey"),
        }
        approver
    }

    async fn without_passkey(control: &Control, actor: Actor) -> Self {
        sign_in(control, &actor).await;
        let seed = actor.id.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let key = Authenticator::new(&control.signing.party, Algorithm::EdDsa, seed).expect("a key");
        Self { actor, key }
    }

    pub(crate) async fn register(&self, control: &Control) -> Result<(), Error> {
        let options = passkeys::begin_registration(control, &self.actor).await?;
        passkeys::finish_registration(control, &self.actor, "Laptop", &self.create(options)).await
    }

    /// What a browser answers to a registration.
    pub(crate) fn create(&self, options: RegistrationOptions) -> RegistrationAnswer {
        let made = self.key.create(&options.challenge);
        RegistrationAnswer {
            challenge: options.challenge,
            client_data_json: made.client_data_json,
            attestation_object: made.attestation_object,
        }
    }

    pub(crate) async fn begin(
        &self,
        control: &Control,
        id: ChangeId,
        ballot: Ballot,
    ) -> Result<VoteOptions, Error> {
        let revision = change(control, id).await.revision.number;
        votes::begin_vote(control, &self.actor, id, revision, ballot).await
    }

    pub(crate) fn sign(&mut self, options: &VoteOptions) -> VoteAnswer {
        let signed = self.key.get(&options.challenge);
        VoteAnswer {
            challenge: options.challenge.clone(),
            credential_id: self.key.credential_id.clone(),
            client_data_json: signed.client_data_json,
            authenticator_data: signed.authenticator_data,
            signature: signed.signature,
        }
    }

    pub(crate) async fn finish(
        &self,
        control: &Control,
        id: ChangeId,
        answer: &VoteAnswer,
    ) -> Result<(), Error> {
        votes::finish_vote(control, &self.actor, id, answer, "I read it").await
    }

    pub(crate) async fn vote(
        &mut self,
        control: &Control,
        id: ChangeId,
        ballot: Ballot,
    ) -> Result<(), Error> {
        let options = self.begin(control, id, ballot).await?;
        let answer = self.sign(&options);
        self.finish(control, id, &answer).await
    }

    pub(crate) async fn approve(&mut self, control: &Control, id: ChangeId) -> Result<(), Error> {
        self.vote(control, id, Ballot::Approve).await
    }
}

/// Wen and Noor of sre, Ines of security.
pub(crate) async fn three(control: &Control) -> [Approver; 3] {
    roster(control).await;
    [
        Approver::new(control, "wen").await,
        Approver::new(control, "noor").await,
        Approver::new(control, "ines").await,
    ]
}

/// A change of production that three people have cleared.
pub(crate) async fn approved(control: &Control, people: &mut [Approver]) -> ChangeId {
    let id = propose(control, &operator(), production()).await.expect("a change");
    for approver in people {
        approver.approve(control, id).await.expect("a vote");
    }
    assert_eq!(change(control, id).await.state, ChangeState::Approved);
    id
}
