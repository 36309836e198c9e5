//! The runners that come with the host: components like anyone's, with no privilege over them.
//!
//! They are built from `guest-runners/` by `scripts/build-runners` and committed, so that building the
//! host needs no WebAssembly toolchain; CI fails when they are older than their sources.

use serde::Deserialize;
use std::collections::HashMap;

/// A component that comes with the host.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The name that selects it.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// The component.
    pub bytes: &'static [u8],
    /// The package that it is built from.
    package: &'static str,
    /// The URL fields that it has where nobody sets them. They stand for its `allow`: as any URL field does,
    /// they permit requests to their origins and bind the secrets beside them.
    pub urls: &'static [DefaultUrl],
}

/// A URL field of a built-in runner and its default.
///
/// Only the host's own table says so. A default that a component's `describe` gives permits nothing: a stranger's
/// would permit its own origin, and have the user's key bound to it.
#[derive(Clone, Copy, Debug)]
pub struct DefaultUrl {
    /// The field.
    pub field: &'static str,
    /// The service of [`SERVICES`] that it is the URL of.
    pub service: &'static str,
    /// The field that names another service in its stead.
    pub chosen_by: Option<&'static str>,
}

/// The services that built-in runners ask by default, and their base URLs.
pub const SERVICES: [(&str, &str); 3] = [
    ("openai", "https://api.openai.com/v1"),
    ("claude", "https://api.anthropic.com"),
    ("ollama", "http://localhost:11434"),
];

impl DefaultUrl {
    const fn new(field: &'static str, service: &'static str) -> Self {
        Self {
            field,
            service,
            chosen_by: None,
        }
    }

    const fn chosen(field: &'static str, service: &'static str, chosen_by: &'static str) -> Self {
        Self {
            field,
            service,
            chosen_by: Some(chosen_by),
        }
    }

    /// The default where the field that chooses the service says `chosen`; none where it names no service.
    #[must_use]
    pub fn url(&self, chosen: Option<&str>) -> Option<&'static str> {
        let service = chosen.unwrap_or(self.service);
        SERVICES
            .iter()
            .find(|(name, _)| *name == service)
            .map(|(_, url)| *url)
    }
}

/// The runner where nothing selects another.
pub const DEFAULT: &str = "mock";

/// Every built-in runner, the default first.
pub const ALL: [Builtin; 6] = [
    Builtin {
        name: DEFAULT,
        about: "makes a plan out of the description's own words; no network, always the same answer",
        bytes: include_bytes!("../../guest-runners/mock/mock.wasm"),
        package: "mock",
        urls: &[],
    },
    Builtin {
        name: "custom",
        about: "asks your own AI service, at `endpoint` or `service_url`",
        bytes: include_bytes!("../../guest-runners/custom-api/custom-api.wasm"),
        package: "custom-api",
        urls: &[],
    },
    Builtin {
        name: "openai",
        about: "asks OpenAI, or any service that speaks its Chat Completions at `base_url`",
        bytes: include_bytes!("../../guest-runners/openai/openai.wasm"),
        package: "openai",
        urls: &[DefaultUrl::new("base_url", "openai")],
    },
    Builtin {
        name: "claude",
        about: "asks Anthropic's Claude",
        bytes: include_bytes!("../../guest-runners/claude/claude.wasm"),
        package: "claude",
        urls: &[DefaultUrl::new("base_url", "claude")],
    },
    Builtin {
        name: "ollama",
        about: "asks the `model` that Ollama serves on this machine, or at `base_url`",
        bytes: include_bytes!("../../guest-runners/ollama/ollama.wasm"),
        package: "ollama",
        urls: &[DefaultUrl::new("base_url", "ollama")],
    },
    Builtin {
        name: "multi-model",
        about: "asks a large, a middling or a small model, by how long the description is",
        bytes: include_bytes!("../../guest-runners/multi-model/multi-model.wasm"),
        package: "multi-model",
        urls: &[
            DefaultUrl::chosen("high.base_url", "openai", "high.service"),
            DefaultUrl::chosen("medium.base_url", "claude", "medium.service"),
            DefaultUrl::chosen("low.base_url", "openai", "low.service"),
        ],
    },
];

/// What `scripts/build-runners` wrote of the components.
const MANIFEST: &str = include_str!("../../guest-runners/manifest.json");

#[derive(Deserialize)]
struct Manifest {
    runners: HashMap<String, Built>,
}

#[derive(Deserialize)]
struct Built {
    sha256: String,
}

impl Builtin {
    /// The SHA-256 of the component, in hexadecimal, as it was taken when the component was built.
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        let mut manifest: Manifest = serde_json::from_str(MANIFEST).ok()?;
        Some(manifest.runners.remove(self.package)?.sha256)
    }
}

/// The built-in runner called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Builtin> {
    ALL.iter().find(|builtin| builtin.name == name)
}

/// The names of all built-in runners, for messages.
#[must_use]
pub fn names() -> String {
    ALL.map(|builtin| format!("`{}`", builtin.name)).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn the_manifest_has_the_digests_of_the_components() {
        for builtin in ALL {
            let digest = format!("{:x}", Sha256::digest(builtin.bytes));
            assert_eq!(builtin.sha256(), Some(digest), "{}", builtin.name);
        }
    }
}
