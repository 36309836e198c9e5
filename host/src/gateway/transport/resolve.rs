//! Names become addresses here, once a connection, and only those that the policy lets through are dialled.

use crate::policy::{Host, Policy};
use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

/// How long this machine looks for a name that goes through a proxy, which may know more names.
pub(super) const LOCAL_LOOKUP: Duration = Duration::from_secs(5);

/// The addresses that a name has, as it were asked for.
pub type Answers = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Finds the addresses of names. What it answers is filtered by the policy, so that it need not be trusted.
pub trait Lookup: std::fmt::Debug + Send + Sync {
    /// The addresses of `name`, which is canonical: lower case, ASCII, no trailing dot.
    fn lookup(&self, name: &str) -> Answers;
}

/// The system's own resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Answers {
        let name = name.to_owned();
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// A name has addresses, and the policy lets none of them through.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the name has no address that may be dialled")]
pub(super) struct NonePermitted {
    pub(super) answers: Vec<IpAddr>,
}

/// The resolver of a client that goes through a proxy: it finds the proxy, unfiltered, and no other name.
#[derive(Debug)]
pub(super) struct ProxyResolver {
    pub(super) proxy: Host,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl reqwest::dns::Resolve for ProxyResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let is_proxy = Host::parse(name.as_str()).is_ok_and(|host| host == self.proxy);
        let answers = is_proxy.then(|| self.lookup.lookup(name.as_str()));
        Box::pin(async move {
            let Some(answers) = answers else {
                return Err(io::Error::other("only the proxy is dialled here").into());
            };
            let addresses = answers.await?.into_iter();
            let addresses = addresses.map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as reqwest::dns::Addrs)
        })
    }
}

/// The resolver of a client: looks a name up, and gives the client what the policy lets it dial.
#[derive(Debug)]
pub(super) struct PolicyResolver {
    pub(super) policy: Arc<Policy>,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl reqwest::dns::Resolve for PolicyResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let answers = self.lookup.lookup(name.as_str());
        let host = Host::parse(name.as_str());
        let policy = Arc::clone(&self.policy);
        Box::pin(async move {
            let host = host?;
            let answers = answers.await?;
            let dialable = policy.dialable(&host, &answers);
            if dialable.is_empty() {
                return Err(NonePermitted { answers }.into());
            }
            // The port is the request's own: the client puts it in place of 0.
            let addresses = dialable
                .into_iter()
                .map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as reqwest::dns::Addrs)
        })
    }
}
