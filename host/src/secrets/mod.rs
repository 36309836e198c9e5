//! Secrets: what is one, what holds one, and where one may go.
//!
//! A runner never holds a secret. What it reads in its configuration is a placeholder; the value is put in by the gateway, on
//! the way to an origin that the secret is bound to. This module needs nothing of the host's but origins.

mod binding;
mod name;
mod value;

pub use binding::{PlaceError, Places, SecretBinding, carries_in_clear};
pub use name::{SECRET_WORDS, is_secret_name};
pub use value::{MIN_SECRET_BYTES, Secret, TooShort};
