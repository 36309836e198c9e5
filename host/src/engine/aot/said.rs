//! What runners said of themselves, kept beside their artefacts and trusted as these are.

use super::{AotCache, entry::Draft};
use crate::{
    engine::{RunnerInfo, source::Digest},
    limits::Limits,
    private::{self, Bound},
};
use std::{io::Read as _, path::PathBuf};

const ENDING: &str = ".about";
/// The longest answer that is kept, in bytes; who says more is asked each time.
const MAX_BYTES: u64 = 256 * 1024;
/// The most answers; the oldest go first. 1,000 of ordinary length are about 1 MiB.
const MOST: Bound = Bound {
    ending: ENDING,
    files: 1_000,
    bytes: 16 * 1024 * 1024,
};

impl AotCache {
    /// What the component of that digest said under these limits, if it was kept. What is damaged was not.
    pub(in crate::engine) fn said(&self, digest: Digest, limits: &Limits) -> Option<RunnerInfo> {
        let mut text = Vec::new();
        private::open(&self.about_path(digest, limits))?
            .take(MAX_BYTES + 1)
            .read_to_end(&mut text)
            .ok()?;
        let within = text.len() as u64 <= MAX_BYTES;
        within.then(|| serde_json::from_slice(&text).ok())?
    }

    /// Keeps what a component said. That it cannot be kept costs the next start an instance, and is no word worth.
    pub(in crate::engine) fn remember(&self, digest: Digest, limits: &Limits, info: &RunnerInfo) {
        let Ok(text) = serde_json::to_vec(info) else {
            return;
        };
        if text.len() as u64 > MAX_BYTES {
            return;
        }
        let path = self.about_path(digest, limits);
        let kept = Draft::new(&self.folder).and_then(|draft| draft.keep_text(&text, &path));
        drop(kept);
        private::remove_oldest(self.folder.path(), MOST, |_| true);
    }

    /// The version of this program is in every name; a runner can tell limits by what it is refused.
    fn about_path(&self, digest: Digest, limits: &Limits) -> PathBuf {
        let limits: Vec<u8> = limits.of_run().flatten().collect();
        let key = self.key_with(digest, &limits);
        self.folder.path().join(format!("{key}{ENDING}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ConfigField;

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
        let cache = AotCache::open(&base.path().join("aot"), &engine).unwrap();
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
        let path = cache.about_path(digest, &limits);
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
