//! The part of CBOR (RFC 8949) that authenticators use, read strictly: definite and shortest lengths, no floats, no tags,
//! no key twice, not deep. Everything else is refused, not guessed.

/// CTAP2 allows four levels.
const DEEPEST: u8 = 4;
/// More items than any authenticator sends.
const MOST_ITEMS: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Also the negative ones.
    Integer(i64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Bool(bool),
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    #[error("it ends in the middle")]
    Truncated,
    #[error("a length or number is not in its shortest form")]
    NotShortest,
    #[error("a kind of value stands there that authenticators do not send")]
    Unsupported,
    #[error("a number does not fit in 64 bits")]
    TooLarge,
    #[error("it is nested too deep or has too many items")]
    TooMuch,
    #[error("a text is not UTF-8")]
    NotText,
    #[error("a key stands twice")]
    RepeatedKey,
    #[error("bytes follow its end")]
    Trailing,
}

/// Reads one value after the other from a slice.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn value(&mut self) -> Result<Value, CborError> {
        self.nested(0)
    }

    fn nested(&mut self, depth: u8) -> Result<Value, CborError> {
        if depth > DEEPEST {
            return Err(CborError::TooMuch);
        }
        let head = self.take(1)?[0];
        let (major, minor) = (head >> 5, head & 0x1f);
        if major == 7 {
            return match minor {
                20 => Ok(Value::Bool(false)),
                21 => Ok(Value::Bool(true)),
                22 => Ok(Value::Null),
                _ => Err(CborError::Unsupported),
            };
        }
        let number = self.argument(minor)?;
        match major {
            0 => Ok(Value::Integer(i64::try_from(number).map_err(|_| CborError::TooLarge)?)),
            1 => Ok(Value::Integer(-1 - i64::try_from(number).map_err(|_| CborError::TooLarge)?)),
            2 => Ok(Value::Bytes(self.take(length(number)?)?.to_vec())),
            3 => {
                let text = self.take(length(number)?)?.to_vec();
                String::from_utf8(text).map(Value::Text).map_err(|_| CborError::NotText)
            }
            4 => (0..count(number)?)
                .map(|_| self.nested(depth + 1))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            5 => {
                let mut entries: Vec<(Value, Value)> = Vec::new();
                for _ in 0..count(number)? {
                    let key = self.nested(depth + 1)?;
                    if entries.iter().any(|(known, _)| *known == key) {
                        return Err(CborError::RepeatedKey);
                    }
                    entries.push((key, self.nested(depth + 1)?));
                }
                Ok(Value::Map(entries))
            }
            _ => Err(CborError::Unsupported),
        }
    }

    fn argument(&mut self, minor: u8) -> Result<u64, CborError> {
        let (number, least) = match minor {
            0..=23 => return Ok(u64::from(minor)),
            24 => (u64::from(self.take(1)?[0]), 24),
            25 => (self.big_endian(2)?, 1 << 8),
            26 => (self.big_endian(4)?, 1 << 16),
            27 => (self.big_endian(8)?, 1 << 32),
            // 31: of indefinite length.
            _ => return Err(CborError::Unsupported),
        };
        if number < least { Err(CborError::NotShortest) } else { Ok(number) }
    }

    fn big_endian(&mut self, width: usize) -> Result<u64, CborError> {
        Ok(self.take(width)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CborError> {
        let end = self.at.checked_add(length).ok_or(CborError::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(CborError::Truncated)?;
        self.at = end;
        Ok(taken)
    }
}

fn length(number: u64) -> Result<usize, CborError> {
    usize::try_from(number).map_err(|_| CborError::Truncated)
}

fn count(number: u64) -> Result<usize, CborError> {
    length(number).ok().filter(|count| *count <= MOST_ITEMS).ok_or(CborError::TooMuch)
}

/// One value and nothing behind it.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, CborError> {
    let mut reader = Reader::new(bytes);
    let value = reader.value()?;
    if reader.position() == bytes.len() { Ok(value) } else { Err(CborError::Trailing) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_authenticators_send_is_read() {
        // {"fmt": "none", "attStmt": {}, -1: [true, null, h'01']}
        let bytes = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x20\x83\xf5\xf6\x41\x01";
        let text = |text: &str| Value::Text(text.to_owned());
        let list = Value::Array(vec![Value::Bool(true), Value::Null, Value::Bytes(vec![1])]);
        let map = vec![
            (text("fmt"), text("none")),
            (text("attStmt"), Value::Map(Vec::new())),
            (Value::Integer(-1), list),
        ];
        assert_eq!(read(bytes), Ok(Value::Map(map)));
    }

    #[test]
    fn what_may_be_read_two_ways_is_not_read() {
        let refused: [(&[u8], CborError); 11] = [
            (b"", CborError::Truncated),
            (b"\x18\x17", CborError::NotShortest),
            (b"\x19\x00\xff", CborError::NotShortest),
            (b"\x5f\x41\x01\xff", CborError::Unsupported),
            (b"\xf9\x00\x00", CborError::Unsupported),
            (b"\xc0\x00", CborError::Unsupported),
            (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", CborError::TooLarge),
            (b"\x81\x81\x81\x81\x81\x00", CborError::TooMuch),
            (b"\x9a\xff\xff\xff\xff", CborError::TooMuch),
            (b"\xa2\x01\x02\x01\x03", CborError::RepeatedKey),
            (b"\x00\x00", CborError::Trailing),
        ];
        for (bytes, error) in refused {
            assert_eq!(read(bytes), Err(error), "{bytes:02x?}");
        }
        assert_eq!(read(b"\x61\xff"), Err(CborError::NotText));
    }

    proptest! {
        #[test]
        fn hostile_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = Reader::new(&bytes);
            if reader.value().is_ok() {
                prop_assert!(reader.position() <= bytes.len());
            }
        }
    }
}
