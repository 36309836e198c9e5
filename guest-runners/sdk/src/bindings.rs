//! What wit-bindgen generates from `wit/`: the world `runner`, and beside it a world of one export,
//! `about`. The linker merges the two in the component.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "runner",
    pub_export_macro: true,
    export_macro_name: "export_generate",
    default_bindings_module: "arborist_sdk::bindings",
    additional_derives: [PartialEq, Eq],
    generate_all,
});

pub mod description {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: r#"
            package arborist:sdk;
            world description {
                export arborist:runner/about@0.1.0;
            }
        "#,
        world: "arborist:sdk/description",
        pub_export_macro: true,
        export_macro_name: "export_about",
        default_bindings_module: "arborist_sdk::bindings::description",
        with: {
            "arborist:runner/runner-types@0.1.0": crate::bindings::arborist::runner::runner_types,
        },
        generate_all,
    });
}
