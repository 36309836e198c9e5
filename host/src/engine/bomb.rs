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
    ComponentTypeRef, Instance, Parser, Payload,
};

/// The most instances that a component may come to, its nested ones flattened: Python's have about 60.
const MOST_INSTANCES: u64 = 1_000;
/// The deepest nesting of components; languages nest 2 or 3 deep.
const DEEPEST: usize = 32;
/// The most bytes that the engine's own records of all its instances may take: globals and functions are kept
/// there, outside of any memory, so that no limit of a store counts them. Python's come to about 2 MiB.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// What a function, a global, a table or a memory of a core instance takes there, in bytes, at most; and what a
/// definition of a component takes once more for each of its instances.
const RECORD: u64 = 32;
/// What an instance takes in the tree of another's exports, in bytes: about twice what was measured.
const NODE: u64 = 4 * 1024;

/// What something comes to when it is instantiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    instances: u64,
    bytes: u64,
    /// The instances in the tree of what it exports.
    exported: u64,
}

/// One component that is being read: what it comes to so far, and the costs of what it can instantiate.
#[derive(Default)]
struct Open {
    cost: Cost,
    /// The cost of each component in its index space; `None` for one that came from outside it.
    components: Vec<Option<Cost>>,
    /// The bytes of an instance of each core module in its index space; `None` as above.
    modules: Vec<Option<u64>>,
    /// How many instances the tree of each instance in its index space has, what it exports included.
    trees: Vec<u64>,
    /// The sum over the instances that it exports.
    exported: u64,
}

/// Counts what `component` comes to when it is flattened.
///
/// # Errors
/// There are more than [`MOST_INSTANCES`], they take more than [`MOST_BYTES`], it is nested deeper than
/// [`DEEPEST`], or it is damaged.
pub(super) fn check(component: &[u8]) -> Result<(), ShapeError> {
    let mut open: Vec<Open> = Vec::new();
    // The records of the core module that is being read, if one is.
    let mut module: Option<u64> = None;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(damaged)?;
        if let Some(records) = &mut module {
            match payload {
                Payload::End(_) => {
                    let bytes = records.saturating_mul(RECORD);
                    define_module(&mut open, Some(bytes))?;
                    module = None;
                }
                payload => *records = records.saturating_add(records_of(&payload)),
            }
            continue;
        }
        match payload {
            Payload::ModuleSection { .. } => module = Some(0),
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
                let cost = Cost {
                    exported: closed.exported,
                    ..closed.cost
                };
                define(&mut open, Some(cost))?;
            }
            payload => count(payload, &mut open)?,
        }
        open.last()
            .map_or(Ok(()), |current| within(&current.cost))?;
    }
    Ok(())
}

fn within(cost: &Cost) -> Result<(), ShapeError> {
    if cost.instances > MOST_INSTANCES {
        return Err(ShapeError::TooManyInstances {
            most: MOST_INSTANCES,
        });
    }
    if cost.bytes > MOST_BYTES {
        return Err(ShapeError::TooManyRecords { most: MOST_BYTES });
    }
    Ok(())
}

/// How many functions, globals, tables and memories a section of a core module declares.
fn records_of(payload: &Payload<'_>) -> u64 {
    u64::from(match payload {
        Payload::ImportSection(section) => section.count(),
        Payload::FunctionSection(section) => section.count(),
        Payload::GlobalSection(section) => section.count(),
        Payload::TableSection(section) => section.count(),
        Payload::MemorySection(section) => section.count(),
        _ => 0,
    })
}

/// How many definitions a section of a component has: each instance of the component has them anew.
fn definitions_of(payload: &Payload<'_>) -> u64 {
    u64::from(match payload {
        Payload::ComponentTypeSection(section) => section.count(),
        Payload::CoreTypeSection(section) => section.count(),
        Payload::ComponentCanonicalSection(section) => section.count(),
        Payload::ComponentAliasSection(section) => section.count(),
        Payload::ComponentImportSection(section) => section.count(),
        Payload::ComponentExportSection(section) => section.count(),
        Payload::ComponentInstanceSection(section) => section.count(),
        Payload::InstanceSection(section) => section.count(),
        _ => 0,
    })
}

/// Adds what one section of the innermost open component comes to.
fn count(payload: Payload<'_>, open: &mut [Open]) -> Result<(), ShapeError> {
    let bytes = definitions_of(&payload).saturating_mul(RECORD);
    add(
        open,
        Cost {
            bytes,
            ..Cost::default()
        },
    );
    match payload {
        Payload::InstanceSection(section) => {
            for instance in section {
                core_instance(open, &instance.map_err(damaged)?)?;
            }
        }
        Payload::ComponentInstanceSection(section) => {
            for instance in section {
                component_instance(open, &instance.map_err(damaged)?)?;
            }
        }
        Payload::ComponentImportSection(section) => {
            for import in section {
                match import.map_err(damaged)?.ty {
                    ComponentTypeRef::Component(_) => define(open, None)?,
                    ComponentTypeRef::Module(_) => define_module(open, None)?,
                    ComponentTypeRef::Instance(_) => define_tree(open, 1)?,
                    _ => {}
                }
            }
        }
        Payload::ComponentExportSection(section) => {
            for item in section {
                let item = item.map_err(damaged)?;
                export(open, item.kind, item.index)?;
            }
        }
        Payload::ComponentAliasSection(section) => {
            for item in section {
                alias(open, &item.map_err(damaged)?)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn core_instance(open: &mut [Open], instance: &Instance<'_>) -> Result<(), ShapeError> {
    let bytes = match instance {
        Instance::Instantiate { module_index, .. } => open
            .last()
            .and_then(|current| at(&current.modules, *module_index))
            .ok_or(ShapeError::UnknownComponent)?,
        Instance::FromExports(_) => 0,
    };
    let instances = 1;
    add(
        open,
        Cost {
            instances,
            bytes,
            ..Cost::default()
        },
    );
    Ok(())
}

fn component_instance(
    open: &mut [Open],
    instance: &ComponentInstance<'_>,
) -> Result<(), ShapeError> {
    let cost = match instance {
        ComponentInstance::Instantiate {
            component_index, ..
        } => open
            .last()
            .and_then(|current| at(&current.components, *component_index))
            .ok_or(ShapeError::UnknownComponent)?,
        ComponentInstance::FromExports(exports) => {
            let nested = exports
                .iter()
                .filter(|export| export.kind == ComponentExternalKind::Instance);
            Cost {
                exported: nested
                    .map(|export| tree(open, export.index))
                    .fold(0, u64::saturating_add),
                ..Cost::default()
            }
        }
    };
    let nodes = cost.exported.saturating_add(1);
    let instances = cost.instances.saturating_add(1);
    let bytes = cost.bytes.saturating_add(nodes.saturating_mul(NODE));
    add(
        open,
        Cost {
            instances,
            bytes,
            exported: 0,
        },
    );
    define_tree(open, nodes)
}

/// An export is a new index for what it exports.
fn export(open: &mut [Open], kind: ComponentExternalKind, index: u32) -> Result<(), ShapeError> {
    let current = open.last();
    match kind {
        ComponentExternalKind::Component => {
            let known = current.and_then(|open| at(&open.components, index));
            define(open, known)
        }
        ComponentExternalKind::Module => {
            let known = current.and_then(|open| at(&open.modules, index));
            define_module(open, known)
        }
        ComponentExternalKind::Instance => {
            let nodes = tree(open, index);
            if let Some(current) = open.last_mut() {
                current.exported = current.exported.saturating_add(nodes);
            }
            let bytes = nodes.saturating_mul(NODE);
            add(
                open,
                Cost {
                    bytes,
                    ..Cost::default()
                },
            );
            define_tree(open, nodes)
        }
        _ => Ok(()),
    }
}

fn alias(open: &mut [Open], alias: &ComponentAlias<'_>) -> Result<(), ShapeError> {
    match *alias {
        ComponentAlias::Outer { kind, count, index } => {
            let outer = open.len().checked_sub(1 + count as usize);
            let outer = outer.and_then(|outer| open.get(outer));
            match kind {
                ComponentOuterAliasKind::Component => {
                    let known = outer.and_then(|outer| at(&outer.components, index));
                    define(open, known)
                }
                ComponentOuterAliasKind::CoreModule => {
                    let known = outer.and_then(|outer| at(&outer.modules, index));
                    define_module(open, known)
                }
                _ => Ok(()),
            }
        }
        ComponentAlias::InstanceExport {
            kind,
            instance_index,
            ..
        } => match kind {
            ComponentExternalKind::Component => define(open, None),
            ComponentExternalKind::Module => define_module(open, None),
            // A part is no larger than the whole.
            ComponentExternalKind::Instance => define_tree(open, tree(open, instance_index)),
            _ => Ok(()),
        },
        ComponentAlias::CoreInstanceExport { .. } => Ok(()),
    }
}

fn damaged(error: wasmparser::BinaryReaderError) -> ShapeError {
    super::shape::damaged(&error)
}

fn at<T: Copy>(space: &[Option<T>], index: u32) -> Option<T> {
    space.get(usize::try_from(index).ok()?).copied().flatten()
}

fn add(open: &mut [Open], cost: Cost) {
    if let Some(current) = open.last_mut() {
        let sum = &mut current.cost;
        sum.instances = sum.instances.saturating_add(cost.instances);
        sum.bytes = sum.bytes.saturating_add(cost.bytes);
    }
}

fn tree(open: &[Open], index: u32) -> u64 {
    let trees = open.last().map(|current| &current.trees);
    let known = trees.and_then(|trees| trees.get(usize::try_from(index).ok()?));
    known.copied().unwrap_or(1)
}

fn define(open: &mut [Open], cost: Option<Cost>) -> Result<(), ShapeError> {
    open.last_mut()
        .map_or(Ok(()), |current| push(&mut current.components, cost))
}

fn define_module(open: &mut [Open], bytes: Option<u64>) -> Result<(), ShapeError> {
    open.last_mut()
        .map_or(Ok(()), |current| push(&mut current.modules, bytes))
}

fn define_tree(open: &mut [Open], nodes: u64) -> Result<(), ShapeError> {
    open.last_mut()
        .map_or(Ok(()), |current| push(&mut current.trees, nodes))
}

/// Adds to an index space: the compiler refuses larger ones, and this one must not take memory before it does.
fn push<T>(space: &mut Vec<T>, entry: T) -> Result<(), ShapeError> {
    if space.len() as u64 > MOST_INSTANCES {
        return Err(ShapeError::TooManyInstances {
            most: MOST_INSTANCES,
        });
    }
    space.push(entry);
    Ok(())
}

#[cfg(test)]
mod tests;
