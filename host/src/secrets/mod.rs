//! Secrets: what is one, what holds one, and where one may go.
//!
//! A runner never holds a secret. What it reads in its configuration is a placeholder; the value is put in by the gateway, on
//! the way to an origin that the secret is bound to. This module needs nothing of the host's but origins.

mod base64_form;
mod binding;
mod body;
mod denial;
mod display;
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
pub use name::{SECRET_WORDS, is_secret_name};
pub use placeholder::{PLACEHOLDER_BYTES, PLACEHOLDER_PREFIX};
pub use rules::MAX_PLACEHOLDERS;
pub use run::{RunSecrets, SecretSet};
pub use scrub::{Scrubber, UnreadableAnswer};
pub use substitute::Sent;
pub use value::{MIN_SECRET_BYTES, Secret, TooShort};
