//! How requests leave this machine: through which proxy, and trusting whom. Values only: the configuration makes them, and
//! the gateway's transport obeys them.

mod authorities;
mod proxy;

pub use authorities::{Authorities, AuthoritiesError, MAX_PEM_BYTES};
pub use proxy::{MAX_CREDENTIAL_BYTES, Proxy, ProxyError, userinfo};

use crate::policy::{AddressClass, Addresses, Permit, address::classify};

/// The way out of one runner. The default is the direct way, and the roots that the system trusts.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// The proxy that requests go through, those to this machine's own addresses left out.
    pub proxy: Option<Proxy>,
    /// Roots that are trusted besides the system's.
    pub authorities: Option<Authorities>,
}

impl Route {
    /// The proxy that a permitted request goes through. None does where the request is for this machine itself, which a proxy
    /// could not reach and should not be told of.
    #[must_use]
    pub fn proxy_for(&self, permit: &Permit<'_>) -> Option<&Proxy> {
        let stays_here = match permit.addresses() {
            Addresses::Loopback => true,
            Addresses::Literal(address) => classify(address) == AddressClass::Loopback,
            Addresses::Resolved => false,
        };
        self.proxy.as_ref().filter(|_| !stays_here)
    }
}
