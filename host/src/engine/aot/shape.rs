//! What components import and export, kept beside their artefacts and trusted as these are: who has both needs no byte of the component.

use super::{AotCache, contents::MOST_ANSWERS, names};
use crate::engine::{Shape, digest::Digest};

/// The longest account of a shape that is kept, in bytes: hundreds of imports with long names.
const MAX_BYTES: u64 = 64 * 1024;

impl AotCache {
    /// The shape of the component of that digest, if it was kept. What is damaged was not.
    pub(in crate::engine) fn shape(&self, digest: Digest) -> Option<Shape> {
        self.beside(&names::shape(&self.key(digest)), MAX_BYTES)
    }

    /// Keeps a shape. That it cannot be kept costs the next start the reading.
    pub(in crate::engine) fn remember_shape(&self, digest: Digest, shape: &Shape) {
        let Ok(text) = serde_json::to_vec(shape) else {
            return;
        };
        if text.len() as u64 <= MAX_BYTES {
            let key = self.key(digest);
            self.keep_beside(&key, &names::shape(&key), &text, MOST_ANSWERS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::settings, limits::CacheSize};

    #[test]
    fn a_shape_is_known_for_the_same_component() {
        let base = tempfile::tempdir().unwrap();
        let engine = wasmtime::Engine::new(&settings::on_demand()).unwrap();
        let most = CacheSize::default();
        let cache = AotCache::open(&base.path().join("aot"), most, &engine).unwrap();
        let component = wat::parse_str(
            r#"(component (import "wasi:cli/exit@0.2.3" (instance $exit
                (export "exit" (func (param "status" (result))))))
                (export "x" (instance $exit)))"#,
        );
        let shape = Shape::read(&component.unwrap()).unwrap();
        let digest = Digest::of(b"one");
        assert_eq!(cache.shape(digest), None);
        cache.remember_shape(digest, &shape);
        assert_eq!(cache.shape(digest), Some(shape.clone()));
        assert_eq!(cache.shape(Digest::of(b"two")), None);
        let name = names::shape(&cache.key(digest));
        std::fs::write(cache.folder.path().join(name), "{\"imports\":[]").unwrap();
        assert_eq!(cache.shape(digest), None, "damaged");
        let mut long = shape;
        long.imports = vec!["x".repeat(usize::try_from(MAX_BYTES).unwrap())];
        cache.remember_shape(Digest::of(b"two"), &long);
        assert_eq!(cache.shape(Digest::of(b"two")), None, "too long");
    }
}
