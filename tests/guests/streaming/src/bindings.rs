//! What wit-bindgen generates from `wit/` alone.
#![allow(clippy::allow_attributes_without_reason, reason = "generated")]

wit_bindgen::generate!({ path: "../../../wit", world: "streaming-runner", generate_all });
