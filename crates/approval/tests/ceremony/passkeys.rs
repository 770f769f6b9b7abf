//! Registration and assertion, and each way in which one is not what was asked for.

use approval::{
    Algorithm, Assertion, Flags, Refusal, Registration, RelyingParty,
    authenticator::{Authenticator, Made, Signed},
    verify_assertion, verify_registration,
};

use crate::{authenticator, party};

const CHALLENGE: [u8; 32] = [7; 32];

fn register(made: &Made) -> Result<approval::Registered, Refusal> {
    let registration = Registration {
        client_data_json: &made.client_data_json,
        attestation_object: &made.attestation_object,
    };
    verify_registration(&registration, &CHALLENGE, &party())
}

fn assert(signed: &Signed, cose_key: &[u8], stored: Option<u32>) -> Result<u32, Refusal> {
    let assertion = Assertion {
        client_data_json: &signed.client_data_json,
        authenticator_data: &signed.authenticator_data,
        signature: &signed.signature,
    };
    verify_assertion(&assertion, &CHALLENGE, &party(), cose_key, stored)
}

#[test]
fn both_algorithms_register_and_sign() {
    for algorithm in Algorithm::ALL {
        let mut passkey = authenticator(algorithm);
        let registered = register(&passkey.create(&CHALLENGE)).unwrap();
        assert_eq!(registered.credential_id, passkey.credential_id);
        assert_eq!(registered.cose_key, passkey.cose_key());
        assert_eq!((registered.sign_count, registered.backup_eligible), (0, false));
        let signed = passkey.get(&CHALLENGE);
        assert_eq!(assert(&signed, &registered.cose_key, Some(0)), Ok(1), "{algorithm:?}");
    }
}

/// One thing is changed at a time, and everything is signed anew: only the check itself can find it.
#[test]
fn each_thing_that_was_not_asked_for_is_refused() {
    type Spoil = fn(&mut Authenticator);
    let elsewhere: Spoil = |key| key.party.origin = "https://fleet.example.com.evil.test".into();
    let spoiled: [(Spoil, fn(&Refusal) -> bool); 11] = [
        (elsewhere, |refusal| matches!(refusal, Refusal::Origin { .. })),
        (|key| key.party.origin = "http://fleet.example.com".into(), |r| matches!(r, Refusal::Origin { .. })),
        (
            |key| key.party.origin = "https://fleet.example.com:444".into(),
            |r| matches!(r, Refusal::Origin { .. }),
        ),
        (|key| key.party.id = "example.com".into(), |r| matches!(r, Refusal::RelyingParty { .. })),
        (|key| key.cross_origin = true, |r| matches!(r, Refusal::CrossOrigin)),
        (|key| key.kind = Some("payment.get"), |r| matches!(r, Refusal::Kind { .. })),
        (|key| key.flags = Flags::USER_PRESENT, |r| matches!(r, Refusal::NotVerified)),
        (|key| key.flags = Flags::USER_VERIFIED, |r| matches!(r, Refusal::NotPresent)),
        (|key| key.flags |= Flags::BACKED_UP, |r| matches!(r, Refusal::AuthenticatorData(_))),
        (|key| key.flags |= 0x02, |r| matches!(r, Refusal::AuthenticatorData(_))),
        (|key| key.flags |= Flags::EXTENDED, |r| matches!(r, Refusal::Cbor(_))),
    ];
    for algorithm in Algorithm::ALL {
        for (number, (spoil, expected)) in spoiled.into_iter().enumerate() {
            let mut passkey = authenticator(algorithm);
            let cose_key = passkey.cose_key();
            spoil(&mut passkey);
            for refusal in [
                register(&passkey.create(&CHALLENGE)).unwrap_err(),
                assert(&passkey.get(&CHALLENGE), &cose_key, Some(0)).unwrap_err(),
            ] {
                assert!(expected(&refusal), "{algorithm:?} {number}: {refusal:?}");
            }
        }
    }
}

#[test]
fn an_assertion_is_for_one_challenge_and_by_one_key() {
    for algorithm in Algorithm::ALL {
        let mut passkey = authenticator(algorithm);
        let cose_key = passkey.cose_key();
        let other = passkey.get(&[8; 32]);
        assert_eq!(assert(&other, &cose_key, Some(0)), Err(Refusal::Challenge));
        let signed = passkey.get(&CHALLENGE);
        let stranger = Authenticator::new(&party(), algorithm, 2).unwrap();
        assert_eq!(assert(&signed, &stranger.cose_key(), Some(0)), Err(Refusal::Signature));
        let registration =
            Signed { client_data_json: passkey.create(&CHALLENGE).client_data_json, ..signed.clone() };
        assert!(matches!(assert(&registration, &cose_key, Some(0)), Err(Refusal::Kind { .. })));
        let elsewhere = RelyingParty::from_url("https://elsewhere.example").unwrap();
        let assertion = Assertion {
            client_data_json: &signed.client_data_json,
            authenticator_data: &signed.authenticator_data,
            signature: &signed.signature,
        };
        assert!(verify_assertion(&assertion, &CHALLENGE, &elsewhere, &cose_key, Some(0)).is_err());
    }
}

/// A bit of every byte of what was signed, of the signature and of the key.
#[test]
fn no_byte_can_change() {
    for algorithm in Algorithm::ALL {
        let mut passkey = authenticator(algorithm);
        let cose_key = passkey.cose_key();
        let good = passkey.get(&CHALLENGE);
        assert_eq!(assert(&good, &cose_key, Some(0)), Ok(1));
        let parts: [fn(&mut Signed) -> &mut Vec<u8>; 3] =
            [|s| &mut s.client_data_json, |s| &mut s.authenticator_data, |s| &mut s.signature];
        for part in parts {
            for byte in 0..part(&mut good.clone()).len() {
                let mut flipped = good.clone();
                part(&mut flipped)[byte] ^= 1 << (byte % 8);
                assert!(assert(&flipped, &cose_key, Some(0)).is_err(), "{algorithm:?}, byte {byte}");
            }
        }
        for byte in 0..cose_key.len() {
            let mut other = cose_key.clone();
            other[byte] ^= 1 << (byte % 8);
            assert!(assert(&good, &other, Some(0)).is_err(), "{algorithm:?}, byte {byte} of the key");
        }
    }
}

#[test]
fn a_counter_goes_up_or_is_not_kept() {
    let mut passkey = authenticator(Algorithm::Es256);
    let cose_key = passkey.cose_key();
    let mut signed = |count: u32| {
        passkey.sign_count = count.wrapping_sub(1);
        passkey.sign_count = passkey.sign_count.min(u32::MAX - 1);
        passkey.get(&CHALLENGE)
    };
    let (one, five) = (signed(1), signed(5));
    assert_eq!(assert(&five, &cose_key, Some(4)), Ok(5));
    for stored in [5, 6, u32::MAX] {
        assert_eq!(assert(&five, &cose_key, Some(stored)), Err(Refusal::Counter { stored, given: 5 }));
    }
    // Evidence that is verified again was in order when it came.
    assert_eq!(assert(&one, &cose_key, None), Ok(1));
    let mut still = authenticator(Algorithm::EdDsa);
    let mut zero = still.get(&CHALLENGE);
    zero.authenticator_data[33..37].fill(0);
    zero.signature = still.sign(&zero.authenticator_data, &zero.client_data_json);
    assert_eq!(assert(&zero, &still.cose_key(), Some(0)), Ok(0));
    assert!(matches!(assert(&zero, &still.cose_key(), Some(3)), Err(Refusal::Counter { .. })));
}

#[test]
fn an_attestation_other_than_none_and_an_odd_key_are_refused() {
    let passkey = authenticator(Algorithm::Es256);
    let good = passkey.create(&CHALLENGE);
    let replaced = |from: &[u8], to: &[u8]| {
        let at = good.attestation_object.windows(from.len()).position(|window| window == from).unwrap();
        let rest = &good.attestation_object[at + from.len()..];
        let attestation_object = [&good.attestation_object[..at], to, rest].concat();
        register(&Made { attestation_object, ..good.clone() }).unwrap_err()
    };
    assert_eq!(replaced(b"\x64none", b"\x66packed"), Refusal::Attestation);
    assert_eq!(replaced(b"attStmt\xa0", b"attStmt\xa1\x01\x02"), Refusal::Attestation);
    // Another curve, another algorithm, a point that is on no curve.
    assert!(matches!(replaced(b"\x20\x01\x21", b"\x20\x02\x21"), Refusal::Key(_)));
    assert!(matches!(replaced(b"\x03\x26", b"\x03\x27"), Refusal::Key(_)));
    let key = passkey.cose_key();
    assert!(matches!(replaced(&key[10..42], &[0xff; 32]), Refusal::Key(_)));
    let mut data = good.clone();
    data.attestation_object.push(0);
    assert!(matches!(register(&data), Err(Refusal::Cbor(_))));
    // An assertion's data has no key in it.
    let mut passkey = authenticator(Algorithm::Es256);
    let head = passkey.get(&CHALLENGE).authenticator_data;
    let object = [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58\x25"[..], &head].concat();
    let none = Made { attestation_object: object, ..good };
    assert!(matches!(register(&none), Err(Refusal::AuthenticatorData(_))));
}

#[test]
fn a_weak_ed25519_key_is_refused() {
    // The neutral point: it would verify signatures that nobody made.
    let mut key = authenticator(Algorithm::EdDsa).cose_key();
    let at = key.len() - 32;
    key[at..].fill(0);
    key[at] = 1;
    assert!(matches!(approval::PublicKey::from_cose(&key), Err(Refusal::Key(_))));
}
