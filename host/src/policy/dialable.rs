//! The addresses that a name may be dialled at, for a resolver that knows the name and not the request.

use super::address::{AddressClass, classify};
use super::decide::{Addresses, Policy};
use super::host::Host;
use std::net::IpAddr;

impl Policy {
    /// Those of `answers` that may be dialled for `host`, in their order. Whether a request may go to `host` at all is
    /// [`Policy::decide`]'s matter; [`super::Permit::filter`] gives the same verdict for one that may.
    #[must_use]
    pub fn dialable(&self, host: &Host, answers: &[IpAddr]) -> Vec<IpAddr> {
        let addresses = Addresses::of(host);
        answers
            .iter()
            .copied()
            .filter(|address| self.may_dial(addresses, *address))
            .collect()
    }

    pub(super) fn may_dial(&self, addresses: Addresses, address: IpAddr) -> bool {
        match addresses {
            Addresses::Literal(literal) => address == literal,
            Addresses::Loopback => classify(address) == AddressClass::Loopback,
            Addresses::Resolved => {
                let class = classify(address);
                class == AddressClass::Public || self.lists(address, class)
            }
        }
    }
}
