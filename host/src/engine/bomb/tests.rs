//! Components that are counted, and refused or not.

use super::*;

fn verdict(wat: &str) -> Result<(), ShapeError> {
    check(&wat::parse_str(wat).unwrap())
}

/// `levels` components, each of which instantiates the one before it twice.
fn nested(levels: usize) -> String {
    let mut text = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
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
    let passed_on =
        "(component (component $a (import \"c\" (component $c)) (export \"c2\" (component $c))))";
    assert_eq!(verdict(passed_on), Ok(()));
}

#[test]
fn what_instances_keep_outside_of_memories_is_counted() {
    let globals = "(global i64 (i64.const 7))".repeat(30_000);
    let many = |instances: usize| {
        format!(
            "(component (core module $m {globals}) {})",
            "(core instance (instantiate $m))".repeat(instances)
        )
    };
    assert_eq!(verdict(&many(60)), Ok(()));
    assert!(matches!(
        verdict(&many(90)),
        Err(ShapeError::TooManyRecords { .. })
    ));
    // A module that is exported and aliased is still the same module.
    let aliased = format!(
        "(component (core module $m {globals}) (component $c (alias outer 1 $m (core module $a)) {}) (instance (instantiate $c)))",
        "(core instance (instantiate $a))".repeat(90)
    );
    assert!(matches!(
        verdict(&aliased),
        Err(ShapeError::TooManyRecords { .. })
    ));
    let handed = "(component (component $c (import \"m\" (core module $m)) (core instance (instantiate $m))))";
    assert_eq!(verdict(handed), Err(ShapeError::UnknownComponent));
}

#[test]
fn definitions_count_once_for_each_instance() {
    let types = "(type (resource (rep i32)))".repeat(3_000);
    let many = |instances: usize| {
        let instances = "(instance (instantiate $c))".repeat(instances);
        format!("(component (component $c {types}) {instances})")
    };
    assert_eq!(verdict(&many(500)), Ok(()));
    assert!(matches!(
        verdict(&many(800)),
        Err(ShapeError::TooManyRecords { .. })
    ));
}

#[test]
fn trees_of_exports_that_double_are_counted() {
    let doubling = |levels: usize| {
        let mut text = "(component $c) (instance $i0 (instantiate $c))".to_owned();
        for level in 1..=levels {
            let before = level - 1;
            text.push_str(&format!(
                "(instance $i{level} (export \"a\" (instance $i{before})) (export \"b\" (instance $i{before})))"
            ));
        }
        format!("(component {text} (export \"x\" (instance $i{levels})))")
    };
    assert_eq!(verdict(&doubling(5)), Ok(()));
    for levels in [14, 18, 60, 90] {
        assert!(matches!(
            verdict(&doubling(levels)),
            Err(ShapeError::TooManyRecords { .. })
        ));
    }
}

#[test]
fn index_spaces_have_a_bound() {
    let aliases = "(alias outer 0 0 (component))".repeat(2_000);
    assert!(matches!(
        verdict(&format!("(component (component) {aliases})")),
        Err(ShapeError::TooManyInstances { .. })
    ));
}

#[test]
fn depth_has_a_bound() {
    let deep = |levels: usize| format!("{}{}", "(component ".repeat(levels), ")".repeat(levels));
    assert_eq!(verdict(&deep(DEEPEST)), Ok(()));
    assert!(matches!(
        verdict(&deep(DEEPEST + 1)),
        Err(ShapeError::TooDeep { .. })
    ));
}
