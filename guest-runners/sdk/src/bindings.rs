//! What wit-bindgen generates from `wit/`: the world `runner`, and beside it a world of one export,
//! `about`, and with the feature `streaming` another, `generate-streaming`. The linker merges them in the component.
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

#[cfg(feature = "streaming")]
pub mod streaming {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: r#"
            package arborist:sdk;
            world streaming {
                export arborist:runner/generate-streaming@0.1.0;
            }
        "#,
        world: "arborist:sdk/streaming",
        pub_export_macro: true,
        export_macro_name: "export_generate_streaming",
        default_bindings_module: "arborist_sdk::bindings::streaming",
        with: {
            "arborist:runner/runner-types@0.1.0": crate::bindings::arborist::runner::runner_types,
        },
        generate_all,
    });
}
