//! Refuses compile bombs: components that are small as files and huge once instantiated.
//!
//! A component whose nested components instantiate each other twice a level doubles per level; wasmtime
//! flattens the whole tree when it compiles, so that 1.4 KB can take all memory, and no limit of a store
//! applies yet. What flattening will come to can be counted without doing it: a component costs what its
//! instantiations cost. For that, what is instantiated must be known: a component that is handed in as an
//! argument, or out of an instance, could stand for any other, and no language's tools make such runners.

use super::shape::ShapeError;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Parser, Payload,
};

/// The most instances that a component may come to, its nested ones flattened: Python's have about 60.
const MOST_INSTANCES: u64 = 1_000;
/// The deepest nesting of components; languages nest 2 or 3 deep.
const DEEPEST: usize = 32;

/// One component that is being read: what it comes to so far, and the costs of those it can instantiate.
#[derive(Default)]
struct Open {
    cost: u64,
    /// The cost of each component in its index space; `None` for one that came from outside it.
    components: Vec<Option<u64>>,
}

/// Counts the instances that `component` comes to when it is flattened.
///
/// # Errors
/// There are more than [`MOST_INSTANCES`], it is nested deeper than [`DEEPEST`], or it is damaged.
pub(super) fn check(component: &[u8]) -> Result<(), ShapeError> {
    let mut open: Vec<Open> = Vec::new();
    let mut modules = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| super::shape::damaged(&error))?;
        if modules > 0 {
            modules -= usize::from(matches!(payload, Payload::End(_)));
            continue;
        }
        match payload {
            Payload::ModuleSection { .. } => modules += 1,
            Payload::Version {
                encoding: wasmparser::Encoding::Component,
                ..
            } => {
                if open.len() == DEEPEST {
                    return Err(ShapeError::TooDeep { most: DEEPEST });
                }
                open.push(Open::default());
            }
            Payload::End(_) => {
                let Some(closed) = open.pop() else { continue };
                define(&mut open, Some(closed.cost));
            }
            payload => count(payload, &mut open)?,
        }
        if let Some(current) = open.last()
            && current.cost > MOST_INSTANCES
        {
            return Err(ShapeError::TooManyInstances {
                most: MOST_INSTANCES,
            });
        }
    }
    Ok(())
}

/// Adds what one section of the innermost open component comes to.
fn count(payload: Payload<'_>, open: &mut [Open]) -> Result<(), ShapeError> {
    let damaged = |error: wasmparser::BinaryReaderError| super::shape::damaged(&error);
    match payload {
        Payload::InstanceSection(section) => {
            add(open, u64::from(section.count()));
        }
        Payload::ComponentInstanceSection(section) => {
            for instance in section {
                let cost = match instance.map_err(damaged)? {
                    ComponentInstance::Instantiate {
                        component_index, ..
                    } => {
                        let known = open
                            .last()
                            .and_then(|current| at(&current.components, component_index));
                        known.ok_or(ShapeError::UnknownComponent)?
                    }
                    ComponentInstance::FromExports(_) => 0,
                };
                add(open, cost.saturating_add(1));
            }
        }
        Payload::ComponentImportSection(section) => {
            for import in section {
                if matches!(import.map_err(damaged)?.ty, ComponentTypeRef::Component(_)) {
                    define(open, None);
                }
            }
        }
        Payload::ComponentExportSection(section) => {
            // An export is a new index for what it exports.
            for export in section {
                let export = export.map_err(damaged)?;
                if export.kind == ComponentExternalKind::Component {
                    let known = open
                        .last()
                        .and_then(|current| at(&current.components, export.index));
                    define(open, known);
                }
            }
        }
        Payload::ComponentAliasSection(section) => {
            for alias in section {
                match alias.map_err(damaged)? {
                    ComponentAlias::Outer {
                        kind: ComponentOuterAliasKind::Component,
                        count,
                        index,
                    } => {
                        let outer = open.len().checked_sub(1 + count as usize);
                        let known = outer
                            .and_then(|outer| open.get(outer))
                            .and_then(|outer| at(&outer.components, index));
                        define(open, known);
                    }
                    ComponentAlias::InstanceExport {
                        kind: ComponentExternalKind::Component,
                        ..
                    } => {
                        define(open, None);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn at(components: &[Option<u64>], index: u32) -> Option<u64> {
    components
        .get(usize::try_from(index).ok()?)
        .copied()
        .flatten()
}

fn add(open: &mut [Open], cost: u64) {
    if let Some(current) = open.last_mut() {
        current.cost = current.cost.saturating_add(cost);
    }
}

fn define(open: &mut [Open], cost: Option<u64>) {
    if let Some(current) = open.last_mut() {
        current.components.push(cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(wat: &str) -> Result<(), ShapeError> {
        check(&wat::parse_str(wat).unwrap())
    }

    /// `levels` components, each of which instantiates the one before it twice.
    fn nested(levels: usize) -> String {
        let mut text =
            "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
        for level in 1..=levels {
            let before = level - 1;
            text.push_str(&format!(
                "(component $c{level} (alias outer 1 $c{before} (component $c))
                   (instance (instantiate $c)) (instance (instantiate $c)))"
            ));
        }
        format!("(component {text} (instance (instantiate $c{levels})))")
    }

    #[test]
    fn doubling_is_counted_without_being_done() {
        assert_eq!(verdict(&nested(7)), Ok(()));
        assert!(matches!(
            verdict(&nested(12)),
            Err(ShapeError::TooManyInstances { .. })
        ));
        assert!(matches!(
            verdict(&nested(200)),
            Err(ShapeError::TooManyInstances { .. })
        ));
    }

    #[test]
    fn a_component_that_is_handed_around_is_not_instantiated() {
        let given = "(component
            (component $user (import \"c\" (component $given)) (instance (instantiate $given))))";
        assert_eq!(verdict(given), Err(ShapeError::UnknownComponent));
        // Each round doubles what the one before it exports.
        let fed_back = "(component
            (component $one)
            (component $w (import \"c\" (component $c))
                (component $d (alias outer 1 $c (component $c2)) (instance (instantiate $c2)) (instance (instantiate $c2)))
                (export \"d\" (component $d)))
            (instance $w1 (instantiate $w (with \"c\" (component $one))))
            (alias export $w1 \"d\" (component $d1))
            (instance $w2 (instantiate $w (with \"c\" (component $d1)))))";
        assert_eq!(verdict(fed_back), Err(ShapeError::UnknownComponent));
        // Handing one around without instantiating it is harmless.
        let passed_on = "(component (component $a (import \"c\" (component $c)) (export \"c2\" (component $c))))";
        assert_eq!(verdict(passed_on), Ok(()));
    }

    #[test]
    fn depth_has_a_bound() {
        let deep =
            |levels: usize| format!("{}{}", "(component ".repeat(levels), ")".repeat(levels));
        assert_eq!(verdict(&deep(DEEPEST)), Ok(()));
        assert!(matches!(
            verdict(&deep(DEEPEST + 1)),
            Err(ShapeError::TooDeep { .. })
        ));
    }
}
