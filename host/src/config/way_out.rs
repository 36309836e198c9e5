//! `ca` and `proxy`: whom a runner's requests trust, and what they go through.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::expand::Expander;
use super::node::{At, Node, Scalar, Value};
use super::report::Report;
use super::resolve::Resolver;
use super::section::Text;
use super::trust::read_bytes;
use super::written::text;
use crate::route::{Authorities, MAX_PEM_BYTES, Proxy, ProxyError, userinfo};

impl Resolver<'_> {
    /// The file that `ca` names, read, with its path.
    pub(super) fn authorities(&mut self, ca: Option<&Text>) -> Option<(PathBuf, Authorities)> {
        let (path, at) = ca?;
        let path = self.path(path, at, "ca", false)?;
        let form = "it takes a PEM file: blocks that begin with -----BEGIN CERTIFICATE-----";
        let pem = match read_bytes(&path, MAX_PEM_BYTES) {
            Ok(pem) => pem,
            Err(error) => {
                let message = format!("the file of `ca` cannot be used: {error}");
                self.report.fault(at, message, form);
                return None;
            }
        };
        match Authorities::from_pem(&pem) {
            Ok(authorities) => {
                self.note("ca", Some(at));
                Some((path, authorities))
            }
            Err(error) => {
                let message = format!("the file of `ca` cannot be used: {error}");
                self.report.fault(at, message, form);
                None
            }
        }
    }
}

/// The proxy that `node` says. What stands for user name and password there may be secrets, and the value of a variable in
/// them is taken as it is; what the file itself says is percent-encoded, as in any URL.
pub(super) fn proxy(
    mut node: Node,
    accepted: &str,
    expander: &mut Expander<'_>,
    report: &mut Report,
) -> Option<(Proxy, At)> {
    let credentials = take_credentials(&mut node);
    expander.expand(&mut node, "proxy", true, report);
    let url = text(&node, "proxy", accepted, report)?;
    let proxy = url.parse::<Proxy>().and_then(|proxy| match credentials {
        None => Ok(proxy),
        Some((user, password)) => {
            let mut expanded = |text: &str| {
                let decoded = percent_decode_str(text)
                    .decode_utf8()
                    .map_err(|_| ProxyError::Encoding)?;
                let scalar = Scalar {
                    text: decoded.into_owned(),
                    ..Scalar::default()
                };
                let mut part = Node {
                    value: Value::Scalar(scalar),
                    at: node.at.clone(),
                };
                expander.expand(&mut part, "proxy", false, report);
                Ok(match part.value {
                    Value::Scalar(scalar) if !scalar.unset => scalar.text,
                    _ => String::new(),
                })
            };
            let (user, password) = (expanded(&user)?, expanded(&password)?);
            proxy.with_credentials(&user, &password)
        }
    });
    match proxy {
        Ok(proxy) => Some((proxy, node.at)),
        Err(error) => {
            let message = format!("`proxy` cannot be used: {error}");
            report.fault(&node.at, message, format!("it takes {accepted}"));
            None
        }
    }
}

/// Takes user name and password, as they were written, out of a URL that is not yet expanded.
fn take_credentials(node: &mut Node) -> Option<(String, String)> {
    let Value::Scalar(scalar) = &mut node.value else {
        return None;
    };
    if scalar.literal {
        return None;
    }
    let range = userinfo(&scalar.text)?;
    let both = scalar.text.get(range.clone())?.to_owned();
    scalar.text.replace_range(range.start..=range.end, "");
    let (user, password) = both.split_once(':').unwrap_or((&both, ""));
    Some((user.to_owned(), password.to_owned()))
}
