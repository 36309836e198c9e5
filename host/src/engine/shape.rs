//! What a component imports and exports, read from its outermost sections before anything is compiled.

use super::linker::meaning;
use serde::{Deserialize, Serialize};
use wasmparser::{CanonicalFunction, CanonicalOption, Encoding, Parser, Payload};

/// Outermost imports and exports that are looked at; a component with more is refused.
const MOST_NAMES: usize = 1_000;
/// The longest name that is shown.
const NAME: usize = 200;

const GENERATE: &str = "arborist:runner/generate@0.1.";
const ABOUT: &str = "arborist:runner/about@0.1.";
const STREAMING: &str = "arborist:runner/generate-streaming@0.1.";

/// The imports and exports of a component, by name and in its own order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Names of imports.
    pub imports: Vec<String>,
    /// Names of exports.
    pub exports: Vec<String>,
    /// Whether an inner component has code of its own, so that several of its instances can wait at once.
    composed: bool,
    /// Whether anything in it is lifted or lowered as asynchronous.
    asynchronous: bool,
}

/// The worlds of the contract, poorest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum World {
    /// Generates.
    Runner,
    /// Generates, and describes its configuration.
    DescribedRunner,
    /// Generates, and hands over what it has while it works.
    StreamingRunner,
    /// All of that.
    DescribedStreamingRunner,
}

impl World {
    /// The world's name in the contract.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Runner => "runner",
            Self::DescribedRunner => "described-runner",
            Self::StreamingRunner => "streaming-runner",
            Self::DescribedStreamingRunner => "described-streaming-runner",
        }
    }
}

/// Why a component is no runner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The binary is damaged.
    #[error("it is damaged at byte {offset}: {reason}")]
    Damaged {
        /// Where.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// It does not export `generate`.
    #[error(
        "it does not export `arborist:runner/generate@0.1.0`; its exports are: {found}\n  help: {hint}"
    )]
    NoGenerate {
        /// What it exports instead.
        found: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// It imports what the host does not give.
    #[error(
        "it imports what this host does not give: {names}\n  help: a runner may import `arborist:runner/http`, `arborist:runner/progress`, `wasi:config/store`, `wasi:logging/logging`, `wasi:http` and WASI 0.2 or 0.3"
    )]
    NotGiven {
        /// The imports, joined.
        names: String,
    },
    /// It has more imports or exports than any runner.
    #[error("it has more than {MOST_NAMES} imports and exports")]
    TooMany,
    /// It is nested deeper than any runner.
    #[error("its components are nested more than {most} deep")]
    TooDeep {
        /// The bound.
        most: usize,
    },
    /// It instantiates a component whose size cannot be known.
    #[error(
        "it instantiates a component or a module that it was handed, by an import or by an instance; a runner may only instantiate what stands in its own file"
    )]
    UnknownComponent,
    /// Its instances hold more than any runner's.
    #[error("what the engine keeps of its instances (functions, globals, tables, memories) comes to more than {} MiB", most / (1024 * 1024))]
    TooManyRecords {
        /// The bound in bytes.
        most: u64,
    },
    /// It is a compile bomb, or too large to be a runner.
    #[error("it comes to more than {most} instances once its nested components are instantiated")]
    TooManyInstances {
        /// The bound.
        most: u64,
    },
}

impl Shape {
    /// Reads the outermost imports and exports of `component`, skipping what is nested.
    ///
    /// # Errors
    /// The binary is damaged or has too many names.
    pub fn read(component: &[u8]) -> Result<Self, ShapeError> {
        let mut shape = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(|error| damaged(&error))? {
                Payload::Version {
                    encoding: Encoding::Module,
                    ..
                } if depth == 0 => {
                    return Err(ShapeError::Damaged {
                        offset: 0,
                        reason: "a module".to_owned(),
                    });
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    shape.expect(section.count())?;
                    for import in section {
                        let import = import.map_err(|error| damaged(&error))?;
                        shape.imports.push(import.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    shape.expect(section.count())?;
                    for export in section {
                        let export = export.map_err(|error| damaged(&error))?;
                        shape.exports.push(export.name.name.to_owned());
                    }
                }
                Payload::InstanceSection(_) if depth > 0 => shape.composed = true,
                Payload::ComponentCanonicalSection(section) => {
                    // One that cannot be read is the compiler's to refuse.
                    let mut functions = section.into_iter().flatten();
                    shape.asynchronous |= functions.any(|function| is_asynchronous(&function));
                }
                _ => {}
            }
        }
        Ok(shape)
    }

    /// Whether a call can take more than one stack at a time for guest code. Each instance of a component can wait on a stack of its
    /// own where they call each other asynchronously.
    pub(super) fn takes_many_stacks(&self) -> bool {
        self.composed && self.asynchronous
    }

    /// Whether so many more names may be read.
    fn expect(&self, more: u32) -> Result<(), ShapeError> {
        let names = self.imports.len() + self.exports.len() + more as usize;
        if names > MOST_NAMES {
            Err(ShapeError::TooMany)
        } else {
            Ok(())
        }
    }

    /// The best world that the component's exports belong to.
    ///
    /// # Errors
    /// It does not export `generate`, or imports what the host does not give.
    pub fn world(&self) -> Result<World, ShapeError> {
        let missing: Vec<&String> = self
            .imports
            .iter()
            .filter(|name| meaning(name).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(ShapeError::NotGiven {
                names: list(missing),
            });
        }
        if !self.exports(GENERATE) {
            let hint = if self
                .exports
                .iter()
                .any(|name| name.starts_with("wasi:cli/run@"))
            {
                "this is a command; build a library (for Rust: crate type `cdylib`) that exports world `arborist:runner/runner`"
            } else if self
                .exports
                .iter()
                .any(|name| name.starts_with("arborist:runner/"))
            {
                "it was built against another version of the contract; this host knows arborist:runner@0.1.0"
            } else {
                "build it against world `runner` of the contract in Arborist's `wit` folder"
            };
            return Err(ShapeError::NoGenerate {
                found: list(&self.exports),
                hint,
            });
        }
        Ok(match (self.describes(), self.streams()) {
            (false, false) => World::Runner,
            (true, false) => World::DescribedRunner,
            (false, true) => World::StreamingRunner,
            (true, true) => World::DescribedStreamingRunner,
        })
    }

    /// Whether the component can describe its configuration.
    #[must_use]
    pub fn describes(&self) -> bool {
        self.exports(ABOUT)
    }

    /// Whether the component hands over what it has while it works.
    #[must_use]
    pub fn streams(&self) -> bool {
        self.exports(STREAMING)
    }

    /// Each import with what it means to a user.
    pub fn meanings(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.imports.iter().map(|name| {
            (
                name.as_str(),
                meaning(name).unwrap_or("not given by this host"),
            )
        })
    }

    fn exports(&self, start: &str) -> bool {
        self.exports.iter().any(|name| name.starts_with(start))
    }
}

fn is_asynchronous(function: &CanonicalFunction) -> bool {
    match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
            options.contains(&CanonicalOption::Async)
        }
        _ => false,
    }
}

pub(super) fn damaged(error: &wasmparser::BinaryReaderError) -> ShapeError {
    ShapeError::Damaged {
        offset: error.offset() as u64,
        reason: error.message().to_owned(),
    }
}

/// Names for a message: cut, escaped, and not too many.
fn list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let mut shown: Vec<String> = Vec::new();
    for name in names {
        if shown.len() == 8 {
            shown.push("…".to_owned());
            break;
        }
        shown.push(format!("`{}`", crate::escape::printable(name, NAME)));
    }
    if shown.is_empty() {
        "none".to_owned()
    } else {
        shown.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(wat: &str) -> Shape {
        Shape::read(&wat::parse_str(wat).unwrap()).unwrap()
    }

    #[test]
    fn only_the_outermost_names_count() {
        let shape = shape(
            r#"(component
                (import "wasi:random/random@0.2.0" (instance))
                (component (import "hidden:one/x" (instance)))
                (core module (import "a" "b" (func)))
                (instance $i)
                (export "x:y/z" (instance $i)))"#,
        );
        assert_eq!(shape.imports, ["wasi:random/random@0.2.0"]);
        assert_eq!(shape.exports, ["x:y/z"]);
    }

    #[test]
    fn instances_that_call_each_other_asynchronously_take_many_stacks() {
        let inner = |lift: &str| {
            let text = format!(
                r#"(component (component
                    (core module $m (func (export "f") (result i32) i32.const 0) (func (export "c") (param i32 i32 i32) (result i32) i32.const 0))
                    (core instance $i (instantiate $m))
                    (func (export "f") (canon lift (core func $i "f") {lift}))))"#
            );
            shape(&text).takes_many_stacks()
        };
        assert!(inner(r#"async (callback (core func $i "c"))"#));
        assert!(!inner(""));
        // Of one component alone, which is what tools make of a runner that streams.
        let alone = shape(
            r#"(component
                (core module $m (func (export "f") (result i32) i32.const 0) (func (export "c") (param i32 i32 i32) (result i32) i32.const 0))
                (core instance $i (instantiate $m))
                (component)
                (func (export "f") (canon lift (core func $i "f") async (callback (core func $i "c")))))"#,
        );
        assert!(!alone.takes_many_stacks());
    }

    #[test]
    fn what_is_missing_is_told_with_what_was_found() {
        let none = shape("(component)").world().unwrap_err().to_string();
        assert!(
            none.contains("arborist:runner/generate@0.1.0") && none.contains("none"),
            "{none}"
        );
        let command =
            shape(r#"(component (instance $i) (export "wasi:cli/run@0.2.6" (instance $i)))"#);
        assert!(
            command
                .world()
                .unwrap_err()
                .to_string()
                .contains("a command")
        );
        let stranger = shape(r#"(component (import "wasi:keyvalue/store@0.2.0" (instance)))"#);
        assert!(
            stranger
                .world()
                .unwrap_err()
                .to_string()
                .contains("`wasi:keyvalue/store@0.2.0`")
        );
    }

    #[test]
    fn names_have_a_bound() {
        let with = |names: usize| {
            let exports: String = (0..names)
                .map(|n| format!("(export \"x:y/z{n}\" (instance $i))"))
                .collect();
            let text = format!("(component (instance $i) {exports})");
            Shape::read(&wat::parse_str(text).unwrap())
        };
        assert_eq!(with(MOST_NAMES).unwrap().exports.len(), MOST_NAMES);
        assert_eq!(with(MOST_NAMES + 1), Err(ShapeError::TooMany));
    }

    #[test]
    fn the_best_world_is_chosen() {
        for (also, world) in [
            (&[][..], World::Runner),
            (&["about"], World::DescribedRunner),
            (&["generate-streaming"], World::StreamingRunner),
            (
                &["generate-streaming", "about"],
                World::DescribedStreamingRunner,
            ),
        ] {
            let exports = ["generate"].iter().chain(also);
            let exports = exports.map(|name| format!("arborist:runner/{name}@0.1.0"));
            let shape = Shape {
                exports: exports.collect(),
                ..Shape::default()
            };
            assert_eq!(shape.world(), Ok(world));
        }
    }

    #[test]
    fn damage_is_told_with_its_place() {
        let mut bytes = wat::parse_str("(component (core module (func)))").unwrap();
        bytes.truncate(bytes.len() - 3);
        assert!(matches!(
            Shape::read(&bytes),
            Err(ShapeError::Damaged { .. })
        ));
    }
}
