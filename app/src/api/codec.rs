//! JSON as server functions answer it.

use leptos::server_fn::{
    Bytes, ContentType, Decodes, Encodes, Format, FormatType,
    codec::{JsonEncoding, Post},
};
use serde::{Serialize, de::DeserializeOwned};

/// JSON that is read as text. `server_fn` reads bytes and resources read text: two readers, of which each view type would be in
/// the browser's half twice, a tenth of it.
#[derive(Debug)]
pub struct JsonText;

/// What server functions answer with.
pub type Json = Post<JsonText>;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = JsonEncoding::CONTENT_TYPE;
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = JsonEncoding::FORMAT_TYPE;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        JsonEncoding::encode(output)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = str::from_utf8(&bytes).map_err(serde::de::Error::custom)?;
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_what_is_no_text_is_refused() {
        let bytes = JsonText::encode(&vec!["ü"]).unwrap();
        let read: Vec<String> = JsonText::decode(bytes).unwrap();
        assert_eq!(read, ["ü"]);
        let torn: Result<String, _> = JsonText::decode(Bytes::from_static(b"\"\xff\""));
        assert!(torn.unwrap_err().to_string().contains("utf-8"));
    }
}
