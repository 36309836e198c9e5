//! What a test expects of the requests that are made.

use super::read::Reader;
use crate::{cassette::Request, config::Item, escape::printable};
use serde_json::Value;

/// How many requests, or which.
#[derive(Clone, Debug, PartialEq)]
pub enum Requests {
    /// So many.
    Count(usize),
    /// These, in this order.
    These(Vec<RequestPattern>),
}

/// A request as far as it matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestPattern {
    method: Option<String>,
    url: Option<String>,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    json: Option<Value>,
    body: Option<String>,
    contains: Vec<String>,
}

impl RequestPattern {
    pub(super) fn read(item: &Item, reader: &mut Reader) -> Option<Self> {
        let known = ["method", "url", "headers", "json", "body", "contains"];
        let keys = reader.keys(item, "an expected request", &known)?;
        let mut pattern = Self::default();
        if let Some(item) = keys.get("method") {
            pattern.method = reader.text(item, "method");
        }
        if let Some(item) = keys.get("url") {
            pattern.url = reader.text(item, "url");
        }
        if let Some(item) = keys.get("headers") {
            let pairs = reader.pairs(item, "headers").into_iter();
            pattern.headers = pairs
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect();
        }
        pattern.json = keys.get("json").map(Item::json);
        if let Some(item) = keys.get("body") {
            pattern.body = reader.text(item, "body");
        }
        if let Some(item) = keys.get("contains") {
            pattern.contains = reader.texts(item, "contains");
        }
        Some(pattern)
    }

    /// What of a request is another than it should be, in words that can be shown.
    #[must_use]
    pub fn differences(&self, made: &Request) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(method) = &self.method
            && !method.eq_ignore_ascii_case(&made.method)
        {
            found.push(unlike("its method", &made.method, method));
        }
        if let Some(url) = &self.url
            && *url != made.url
        {
            found.push(unlike("its URL", &made.url, url));
        }
        for (name, value) in &self.headers {
            let of_name = |(other, _): &&(String, String)| other == name;
            let given = made.headers.iter().flatten().filter(of_name);
            let given: Vec<&str> = given.map(|(_, value)| value.as_str()).collect();
            let what = format!("its header `{}`", printable(name, 60));
            if given.is_empty() {
                found.push(format!("{what} is missing"));
            } else if !given.contains(&value.as_str()) {
                found.push(unlike(&what, &given.join(", "), value));
            }
        }
        let body = made.body.as_ref().map(|body| body.bytes().into_owned());
        let body = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
        if let Some(json) = &self.json {
            match serde_json::from_str::<Value>(&body) {
                Ok(value) if value == *json => {}
                Ok(value) => found.push(unlike("its body", &value.to_string(), &json.to_string())),
                Err(_) => found.push("its body is no JSON".to_owned()),
            }
        }
        if let Some(text) = &self.body
            && *text != body
        {
            found.push(unlike("its body", &body, text));
        }
        for text in &self.contains {
            if !body.contains(text) {
                found.push(format!(
                    "its body does not contain {}: {}",
                    printable(text, 200),
                    printable(&body, 400)
                ));
            }
        }
        found
    }
}

fn unlike(what: &str, found: &str, expected: &str) -> String {
    let quoted = |text| printable(text, 300).into_owned();
    format!(
        "{what} is {}, and {} is expected",
        quoted(found),
        quoted(expected)
    )
}
