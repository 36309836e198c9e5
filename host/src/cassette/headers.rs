//! Headers as cassettes have them: a map in their order; the values of a name that comes more than once are a list.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

#[derive(Default)]
pub(super) struct Headers(Vec<(String, Values)>);

#[derive(Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "the value of a header is a text, or a list of texts: quote a number"
)]
enum Values {
    One(String),
    Many(Vec<String>),
}

impl Headers {
    pub(super) fn of(headers: &[(String, String)]) -> Self {
        let mut by_name: Vec<(String, Values)> = Vec::new();
        for (name, value) in headers {
            match by_name.iter_mut().find(|(other, _)| other == name) {
                Some((_, values)) => values.push(value.clone()),
                None => by_name.push((name.clone(), Values::One(value.clone()))),
            }
        }
        Self(by_name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names in lower case and values.
    pub(super) fn pairs(self) -> Vec<(String, String)> {
        let pairs = self.0.into_iter().flat_map(|(name, values)| {
            let name = name.to_ascii_lowercase();
            let values = match values {
                Values::One(value) => vec![value],
                Values::Many(values) => values,
            };
            values.into_iter().map(move |value| (name.clone(), value))
        });
        pairs.collect()
    }
}

impl Values {
    fn push(&mut self, value: String) {
        match self {
            Self::One(first) => *self = Self::Many(vec![std::mem::take(first), value]),
            Self::Many(values) => values.push(value),
        }
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, values)| (name, values)))
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> de::Visitor<'de> for InOrder {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of headers")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some(header) = map.next_entry()? {
                    headers.push(header);
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
