//! Components that no compiler would make: `parts.wat`, with what a case puts in place of its parts.

use super::fill::Fill;
use serde::Deserialize;

/// A runner that works but for these parts of it, each in the text format.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Core {
    /// Of the component, before its core module: types, imports, other modules and components.
    before: String,
    /// Imports of the core module.
    imports: String,
    /// What its instance is given for them: `(with …)`.
    with: String,
    /// The pages of its memory.
    memory: Option<String>,
    /// The area that says where its answer is: a string of bytes at address 16.
    answer: Option<String>,
    /// Further items of the core module, its start function among them.
    items: String,
    /// The body of `realloc`.
    realloc: Option<String>,
    /// The body of `generate-task-spec`, which gives the address of the area.
    spec: Option<String>,
    /// The body of its post-return function.
    post: String,
}

/// Ok, with 54 bytes at 1024.
const ANSWER: &str = r#""\00\00\00\00\00\04\00\00\36\00\00\00""#;
/// Takes what comes next, aligned, and never gives it back.
const REALLOC: &str = "
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (local.get $at)";

impl Core {
    /// The component's binary.
    pub(crate) fn binary(&self, fill: &Fill) -> Vec<u8> {
        let or = |given: &Option<String>, usual: &str| given.clone().unwrap_or(usual.to_owned());
        let parts = [
            ("before", self.before.clone()),
            ("imports", self.imports.clone()),
            ("memory", or(&self.memory, "17")),
            ("answer", or(&self.answer, ANSWER)),
            ("items", self.items.clone()),
            ("realloc", or(&self.realloc, REALLOC)),
            ("spec", or(&self.spec, "i32.const 16")),
            ("post", self.post.clone()),
            ("with", self.with.clone()),
        ];
        let mut text = include_str!("parts.wat").to_owned();
        for (name, part) in parts {
            text = text.replace(&format!(";; @{name}\n"), &format!("{}\n", fill.text(&part)));
        }
        binary(&text)
    }
}

/// Assembles a text.
pub(crate) fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|fault| panic!("the guest of the case: {fault}"))
}
