//! May this request go there?
//!
//! Pure: no I/O, no clock, no environment, nothing asynchronous. A [`Policy`] is a value, built once from the configuration;
//! every question it is asked is answered by a value that says why. One request passes four steps, and each is a type:
//!
//! 1. [`headers::outgoing`] checks the header list that a guest gave.
//! 2. [`Target::parse`] (or [`Target::from_parts`]: the same parser) makes one canonical method and URL of what the guest wrote.
//!    What is decided on is what is sent.
//! 3. [`Policy::decide`] answers with a [`Permit`] or a [`Denial`], before any name is resolved.
//! 4. [`Permit::filter`] keeps of the resolved addresses those that may be dialled: exactly those, no others.
//!
//! The text of a [`Denial`] is for the user and the audit. A guest gets the same words for every denial, which the caller chooses:
//! whoever may ask for the reason can map the user's network with it.

pub mod address;
mod builder;
mod decide;
mod denial;
mod dialable;
pub mod headers;
mod host;
mod host_pattern;
mod method;
mod origin;
mod path;
mod rule;
mod rule_error;
mod suggest;
mod target;
#[cfg(test)]
mod tests;

pub use address::AddressClass;
pub use builder::{Fault, Place, PolicyBuilder, PolicyError, PolicyErrors};
pub use decide::{Addresses, Permit, Policy, PolicyRule, RuleSource, Verdict};
pub use denial::{Denial, Mismatch, Reason};
pub use headers::{HeaderError, OutgoingHeaders};
pub use host::{Host, HostError, MAX_HOST_BYTES, MAX_LABEL_BYTES};
pub use host_pattern::HostPattern;
pub use method::{InvalidMethod, Method, MethodSet};
pub use origin::{InvalidPort, Origin, OriginError, Scheme};
pub use rule::{MAX_RULE_BYTES, Rule};
pub use rule_error::RuleError;
pub use target::{InvalidTarget, MAX_URL_BYTES, Target};
