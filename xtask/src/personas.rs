//! The people of the development issuer, as the demo introduces them.

/// Name and what that person may do.
pub(crate) const PERSONAS: [(&str, &str); 7] = [
    ("Mara", "SRE: proposes and applies changes"),
    ("Wen", "approver of sre"),
    ("Noor", "approver of sre"),
    ("Ines", "approver of security"),
    ("Jonah", "on-call: operates what runs"),
    ("Vera", "viewer: sees all, changes nothing"),
    ("Ada", "administrator"),
];
