//! Bytes from anybody: each answer is a refusal, never a crash, and never a yes.

use approval::{
    Algorithm, Assertion, AuthenticatorData, PublicKey, Registration, verify_assertion, verify_registration,
};
use proptest::prelude::*;

use crate::{authenticator, party};

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

/// Something that begins as it should: the reader is taken further in than by noise.
fn spoiled(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    (
        Just(good),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(mut bytes, changes, cut, shorten)| {
            for (at, to) in changes {
                let at = at.index(bytes.len());
                bytes[at] = to;
            }
            if shorten {
                bytes.truncate(cut.index(bytes.len()));
            }
            bytes
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn noise_is_no_evidence(a in bytes(300), b in bytes(300), c in bytes(200), key in bytes(120)) {
        let assertion = Assertion { client_data_json: &a, authenticator_data: &b, signature: &c };
        prop_assert!(verify_assertion(&assertion, &[1; 32], &party(), &key, Some(0)).is_err());
        let registration = Registration { client_data_json: &a, attestation_object: &b };
        prop_assert!(verify_registration(&registration, &[1; 32], &party()).is_err());
        let _ = AuthenticatorData::parse(&b);
        let _ = PublicKey::from_cose(&key);
    }

    #[test]
    fn a_spoiled_registration_is_answered(object in spoiled(authenticator(Algorithm::Es256).create(&[1; 32]).attestation_object)) {
        let client_data_json = authenticator(Algorithm::Es256).create(&[1; 32]).client_data_json;
        let registration = Registration { client_data_json: &client_data_json, attestation_object: &object };
        // Some bytes may be anything (the model's id, the credential's): a key that is taken must still be one.
        if let Ok(registered) = verify_registration(&registration, &[1; 32], &party()) {
            prop_assert!(PublicKey::from_cose(&registered.cose_key).is_ok());
            prop_assert!(!registered.credential_id.is_empty());
        }
    }

    #[test]
    fn a_spoiled_key_is_answered(key in spoiled(authenticator(Algorithm::EdDsa).cose_key())) {
        let _ = PublicKey::from_cose(&key);
    }
}
