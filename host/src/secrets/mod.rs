//! Secrets: what is one, what holds one, and where one may go.
//!
//! A runner never holds a secret. What it reads in its configuration is a placeholder; the value is put in by the gateway, on
//! the way to an origin that the secret is bound to. This module needs nothing of the host's but origins and [`crate::escape`]; it does no
//! I/O, and its randomness is its caller's.
//!
//! A [`SecretSet`] belongs to a runner's settings, a [`RunSecrets`] to one run. Of the gateway's stages, three ask the latter:
//!
//! 1. [`RunSecrets::outgoing`], last of all before the transport, puts the values in; [`RunSecrets::outgoing_body`] does for bodies that stream.
//! 2. [`RunSecrets::answer`], first of all after it, takes them out of the headers and gives a [`Scrubber`] for the body.
//! 3. [`RunSecrets::redirected`] prepares a request with placeholders in it for another origin.
//!
//! [`RunSecrets::show`] is for whatever people read, and [`ShownPieces`] where it comes in pieces. A scrubber undoes JSON and other backslash escapes, percent-encoding, both, and each
//! twice; and it finds base64. It does not find a value that a service reverses, splits, hashes, compresses or writes in another
//! character set: a secret is safe with the origins that it is bound to, or it is not safe.

mod base64_form;
mod binding;
mod body;
mod denial;
mod display;
mod display_pieces;
mod finder;
mod name;
mod patterns;
mod placeholder;
mod rules;
mod run;
mod scrub;
mod spelling;
mod substitute;
#[cfg(test)]
mod tests;
mod value;

pub use binding::{PlaceError, Places, SecretBinding, carries_in_clear};
pub use body::OutgoingBody;
pub use denial::{Place, SecretDenial, SecretReason};
pub use display_pieces::ShownPieces;
pub use name::{SECRET_WORDS, is_secret_name};
pub use placeholder::{PLACEHOLDER_BYTES, PLACEHOLDER_PREFIX};
pub use rules::MAX_PLACEHOLDERS;
pub use run::{RunSecrets, SecretSet};
pub use scrub::{Scrubber, UnreadableAnswer};
pub use substitute::Sent;
pub use value::{MIN_SECRET_BYTES, Secret, TooShort};
