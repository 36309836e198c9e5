//! Bodies as cassettes have them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::borrow::Cow;

/// A body.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// There is none.
    None,
    /// Text.
    Text(String),
    /// A JSON value, as people write it into a cassette.
    Json(serde_json::Value),
    /// Anything else.
    Bytes(Vec<u8>),
}

/// The keys that a body is written with; at most one of them.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) body: Option<String>,
    pub(super) json: Option<serde_json::Value>,
    pub(super) base64: Option<String>,
}

impl Body {
    /// The body that these bytes are.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() {
            return Self::None;
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Bytes(error.into_bytes()),
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::None => Cow::Borrowed(&[]),
            Self::Text(text) => Cow::Borrowed(text.as_bytes()),
            Self::Json(value) => Cow::Owned(value.to_string().into_bytes()),
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
        }
    }

    /// The JSON value that it is, if it is one.
    pub(super) fn json(&self) -> Option<Cow<'_, serde_json::Value>> {
        match self {
            Self::Json(value) => Some(Cow::Borrowed(value)),
            Self::Text(text) => serde_json::from_str(text).ok().map(Cow::Owned),
            Self::None | Self::Bytes(_) => None,
        }
    }

    /// The keys that it is written with. No body is the empty text.
    pub(super) fn keys(&self) -> Keys {
        let mut keys = Keys::default();
        match self {
            Self::None => keys.body = Some(String::new()),
            Self::Text(text) => keys.body = Some(text.clone()),
            Self::Json(value) => keys.json = Some(value.clone()),
            Self::Bytes(bytes) => keys.base64 = Some(STANDARD.encode(bytes)),
        }
        keys
    }
}

impl Keys {
    /// The body that is written; none if it was left out.
    pub(super) fn read(self) -> Result<Option<Body>, &'static str> {
        match (self.body, self.json, self.base64) {
            (None, None, None) => Ok(None),
            (Some(text), None, None) => Ok(Some(Body::of(text.into_bytes()))),
            (None, Some(value), None) => Ok(Some(Body::Json(value))),
            (None, None, Some(text)) => {
                let packed: String = text.split_ascii_whitespace().collect();
                let bytes = STANDARD.decode(packed);
                Ok(Some(Body::of(
                    bytes.map_err(|_| "`base64` is no base64 text")?,
                )))
            }
            _ => Err("a body is written with one of `body`, `json` and `base64`"),
        }
    }
}
