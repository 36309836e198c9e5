//! The runners that come with the host: components like anyone's, with no privilege over them.
//!
//! They are built from `guest-runners/` by `scripts/build-runners` and committed, so that building the
//! host needs no WebAssembly toolchain; CI fails when they are older than their sources.

/// A component that comes with the host.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The name that selects it.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// The component.
    pub bytes: &'static [u8],
}

/// The runner where nothing selects another.
pub const DEFAULT: &str = "mock";

/// Every built-in runner, the default first.
pub const ALL: [Builtin; 2] = [
    Builtin {
        name: DEFAULT,
        about: "makes a plan out of the description's own words; no network, always the same answer",
        bytes: include_bytes!("../../guest-runners/mock/mock.wasm"),
    },
    Builtin {
        name: "custom",
        about: "asks your own AI service, at `endpoint` or `service_url`",
        bytes: include_bytes!("../../guest-runners/custom-api/custom-api.wasm"),
    },
];

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
