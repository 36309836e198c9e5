//! What runners said of themselves, kept beside their artefacts and trusted as these are.

use super::{AotCache, contents::MOST_ANSWERS, names};
use crate::{
    engine::{RunnerInfo, digest::Digest},
    limits::Limits,
};
use sha2::{Digest as _, Sha256};

/// The longest answer that is kept, in bytes; who says more is asked each time.
const MAX_BYTES: u64 = 256 * 1024;

impl AotCache {
    /// What the component of that digest said under these limits, if it was kept. What is damaged was not.
    pub(in crate::engine) fn said(&self, digest: Digest, limits: &Limits) -> Option<RunnerInfo> {
        let name = Self::about_name(&self.key(digest), limits);
        self.beside(&name, MAX_BYTES)
    }

    /// Keeps what a component said. That it cannot be kept costs the next start an instance, and is no word worth.
    pub(in crate::engine) fn remember(&self, digest: Digest, limits: &Limits, info: &RunnerInfo) {
        let Ok(text) = serde_json::to_vec(info) else {
            return;
        };
        if text.len() as u64 <= MAX_BYTES {
            let key = self.key(digest);
            let name = Self::about_name(&key, limits);
            self.keep_beside(&key, &name, &text, MOST_ANSWERS - 1);
        }
    }

    /// The version of this program is in every key; a runner can tell limits by what it is refused.
    fn about_name(key: &str, limits: &Limits) -> String {
        let mut hasher = Sha256::new();
        limits.of_run().for_each(|limit| hasher.update(limit));
        let under = super::hex(hasher.finalize().iter().take(8));
        names::said(key, &under)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::ConfigField, limits::CacheSize};

    fn info() -> RunnerInfo {
        RunnerInfo {
            name: "a".to_owned(),
            version: "1".to_owned(),
            description: "\u{1b}".to_owned(),
            config: vec![ConfigField {
                name: "key".to_owned(),
                description: String::new(),
                required: true,
                secret: true,
                default: None,
            }],
        }
    }

    #[test]
    fn what_was_said_is_known_for_the_same_component_and_limits() {
        let base = tempfile::tempdir().unwrap();
        let engine = wasmtime::Engine::new(&crate::engine::settings::on_demand()).unwrap();
        let most = CacheSize::default();
        let cache = AotCache::open(&base.path().join("aot"), most, &engine).unwrap();
        let (digest, limits) = (Digest::of(b"one"), Limits::default());
        assert_eq!(cache.said(digest, &limits), None);
        cache.remember(digest, &limits, &info());
        assert_eq!(cache.said(digest, &limits), Some(info()));
        assert_eq!(cache.said(Digest::of(b"two"), &limits), None);
        let (mut less, mut compiles) = (limits.clone(), limits.clone());
        less.set("memory", "1MiB").unwrap();
        compiles.set("compile-cpu", "1s").unwrap();
        assert_eq!(cache.said(digest, &less), None);
        assert_eq!(cache.said(digest, &compiles), Some(info()));
        let name = AotCache::about_name(&cache.key(digest), &limits);
        let path = cache.folder.path().join(name);
        std::fs::write(&path, "{\"name\":").unwrap();
        assert_eq!(cache.said(digest, &limits), None, "damaged");
        let much = RunnerInfo {
            description: "x".repeat(usize::try_from(MAX_BYTES).unwrap()),
            ..info()
        };
        cache.remember(digest, &limits, &much);
        assert_eq!(cache.said(digest, &limits), None, "too long");
        std::fs::write(
            &path,
            " ".repeat(usize::try_from(MAX_BYTES).unwrap()) + "{}",
        )
        .unwrap();
        assert_eq!(cache.said(digest, &limits), None, "not ours");
    }
}
