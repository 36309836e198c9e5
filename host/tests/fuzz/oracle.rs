//! What a rule and a URL mean, said a second time: by the `url` crate and a few lines that share nothing with the policy.

use percent_encoding::percent_decode_str;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// What a URL means, however it is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) scheme: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Decoded once, segment by segment: an encoded slash is none.
    pub(crate) path: Vec<Vec<u8>>,
    /// Decoded once.
    pub(crate) query: Option<Vec<u8>>,
}

impl Meaning {
    pub(crate) fn of(url: &Url) -> Self {
        let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        let host = url.host_str().expect("http has a host");
        Self {
            scheme: url.scheme().to_owned(),
            // One trailing dot is the root, which every name is below.
            host: host.strip_suffix('.').unwrap_or(host).to_owned(),
            port: url.port_or_known_default().expect("http has a port"),
            path: url.path().split('/').map(decoded).collect(),
            query: url.query().map(decoded),
        }
    }
}

/// Whether the rule with this canonical text is for this request, judged by their texts.
pub(crate) fn names(rule: &str, method: &str, url: &Url) -> bool {
    let (methods, rest) = rule.split_once(' ').unwrap_or(("", rule));
    let methods_fit = methods.is_empty() || methods.split(',').any(|one| one == method);
    let (scheme, rest) = rest.split_once("://").expect("a rule has a scheme");
    let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().expect("a port")),
        _ => (authority, if scheme == "http" { 80 } else { 443 }),
    };
    let path = url.path();
    let path_fits = match path.strip_prefix(prefix) {
        Some(rest) => {
            rest.is_empty() || prefix.is_empty() || prefix.ends_with('/') || rest.starts_with('/')
        }
        None => false,
    };
    methods_fit
        && url.scheme() == scheme
        && url.port_or_known_default() == Some(port)
        && host_fits(name, url)
        && path_fits
}

fn host_fits(name: &str, url: &Url) -> bool {
    let host = url.host().expect("http has a host");
    let loopback = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    match host {
        Host::Domain(host) if name == "localhost" => host == "localhost",
        Host::Ipv4(host) if name == "localhost" => loopback.contains(&IpAddr::V4(host)),
        Host::Ipv6(host) if name == "localhost" => loopback.contains(&IpAddr::V6(host)),
        Host::Domain(host) => match name.strip_prefix("*.") {
            Some(parent) => host
                .strip_suffix(parent)
                .and_then(|below| below.strip_suffix('.'))
                .is_some_and(|below| !below.is_empty()),
            None => host == name,
        },
        Host::Ipv4(host) => name == host.to_string(),
        Host::Ipv6(host) => name == format!("[{host}]"),
    }
}
