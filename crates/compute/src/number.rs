//! The API counts in signed 32 bits, the domain in unsigned. What does not fit is clamped: the API then refuses it by name.

pub(crate) fn to_wire(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub(crate) fn from_wire(count: i32) -> u32 {
    u32::try_from(count).unwrap_or(0)
}
