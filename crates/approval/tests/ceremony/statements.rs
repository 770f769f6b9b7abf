//! The bytes that a vote signs.

use approval::{Bytes32, Statement, StatementError};
use domain::{ChangeId, approvals::Ballot};
use proptest::prelude::*;

use crate::{at, statement};

#[test]
fn the_bytes_are_canonical_and_large_numbers_are_text() {
    let bytes = statement().to_bytes().unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert_eq!(
        text,
        format!(
            concat!(
                r#"{{"action":"approve","approver":"wen","change_id":"chg-12","env":"prod","nonce":"{}","#,
                r#""not_after":"2027-01-15T09:00:00Z","not_before":"2027-01-15T08:00:00Z","payload_sha256":"{}","#,
                r#""plan_sha256":"{}","policy_id":"default","policy_rev":"1","requester":"mara","revision":3,"#,
                r#""roster_rev":"4","target_generation":"9223372036854775807","v":1}}"#
            ),
            "03".repeat(32),
            "01".repeat(32),
            "02".repeat(32)
        )
    );
    assert_eq!(Statement::from_bytes(&bytes).unwrap(), statement());
}

#[test]
fn the_digest_is_over_domain_length_and_bytes() {
    // Computed with `printf 'agent-manager.approval/v1\0\0\0\0\0\0\0\0\2{}' | sha256sum`.
    let expected = "f1fb98cbbf74a9724a483c7d30bdf3c4bfb5660aeb1d03d36f277db2afd1652c";
    assert_eq!(Statement::digest(b"{}").to_string(), expected);
    assert_ne!(Statement::digest(b"{}"), Statement::digest(b"{} "));
}

/// Every field on its own changes what is signed.
#[test]
fn no_field_can_change_under_a_signature() {
    let signed = Statement::digest(&statement().to_bytes().unwrap());
    let changed: [fn(&mut Statement); 15] = [
        |s| s.env = "staging".into(),
        |s| s.action = Ballot::Reject,
        |s| s.change_id = ChangeId(13),
        |s| s.revision = 4,
        |s| s.payload_sha256 = Bytes32([9; 32]),
        |s| s.plan_sha256 = Bytes32([9; 32]),
        |s| s.target_generation -= 1,
        |s| s.policy_id = "other".into(),
        |s| s.policy_rev = 2,
        |s| s.roster_rev = 5,
        |s| s.requester = "wen".into(),
        |s| s.approver = "mara".into(),
        |s| s.nonce = Bytes32([9; 32]),
        |s| s.not_before = at(1),
        |s| s.not_after = at(3601),
    ];
    for change in changed {
        let mut other = statement();
        change(&mut other);
        assert_ne!(Statement::digest(&other.to_bytes().unwrap()), signed, "{other:?}");
    }
}

#[test]
fn another_spelling_of_the_same_is_refused() {
    let text = String::from_utf8(statement().to_bytes().unwrap()).unwrap();
    let spellings = [
        text.replace(r#""v":1"#, r#""v": 1"#),
        text.replace(r#"{"action":"approve","#, "{").replace(r#","v":1}"#, r#","v":1,"action":"approve"}"#),
        text.replace(r#""env":"prod""#, r#""env":"\u0070rod""#),
        text.replace("08:00:00Z", "08:00:00.000Z"),
        text.replace("08:00:00Z", "08:00:00+00:00"),
        format!("{text}\n"),
    ];
    for spelling in spellings {
        let read = Statement::from_bytes(spelling.as_bytes());
        assert!(matches!(read, Err(StatementError::NotCanonical)), "{spelling}: {read:?}");
    }
}

#[test]
fn what_is_no_statement_of_ours_is_refused() {
    let text = String::from_utf8(statement().to_bytes().unwrap()).unwrap();
    let unreadable = [
        text.replace(r#"{"action":"#, r#"{"action":"reject","action":"#),
        text.replace(r#""v":1"#, r#""v":1,"w":1"#),
        text.replace(r#""env":"prod","#, ""),
        text.replace(r#""policy_rev":"1""#, r#""policy_rev":1"#),
        text.replace(r#""policy_rev":"1""#, r#""policy_rev":"01""#),
        text.replace(r#""policy_rev":"1""#, r#""policy_rev":"+1""#),
        text.replace("chg-12", "chg-0"),
        text.replace("approve\"", "break_glass\""),
        String::new(),
        "[".repeat(4000),
    ];
    for wrong in unreadable {
        let read = Statement::from_bytes(wrong.as_bytes());
        assert!(matches!(read, Err(StatementError::Unreadable(_))), "{wrong}: {read:?}");
    }
    let version = text.replace(r#""v":1"#, r#""v":2"#);
    assert!(matches!(Statement::from_bytes(version.as_bytes()), Err(StatementError::Version(2))));
    let long = format!("{text}{}", " ".repeat(4096));
    assert!(matches!(Statement::from_bytes(long.as_bytes()), Err(StatementError::TooLong)));
    let mut never = statement();
    never.not_after = never.not_before;
    assert!(matches!(Statement::from_bytes(&never.to_bytes().unwrap()), Err(StatementError::Never)));
}

#[test]
fn its_time_has_a_first_moment_and_no_last() {
    let statement = statement();
    for (seconds, valid) in [(-1, false), (0, true), (3599, true), (3600, false)] {
        assert_eq!(statement.is_valid_at(at(seconds)), valid, "{seconds}");
    }
}

proptest! {
    /// Whatever is read is written back byte for byte.
    #[test]
    fn reading_never_changes_a_byte(at_byte in 0_usize..600, to in any::<u8>(), cut in 0_usize..600) {
        let mut bytes = statement().to_bytes().unwrap();
        let at_byte = at_byte % bytes.len();
        bytes[at_byte] = to;
        if cut % 3 == 0 {
            bytes.truncate(cut);
        }
        if let Ok(read) = Statement::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes().unwrap(), bytes);
        }
    }

    #[test]
    fn any_text_and_number_come_back(env in ".{0,40}", approver in ".{0,40}", generation in any::<i64>()) {
        let written = Statement { env, approver, target_generation: generation, ..statement() };
        prop_assert_eq!(Statement::from_bytes(&written.to_bytes().unwrap()).unwrap(), written);
    }
}
