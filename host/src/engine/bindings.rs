//! What `bindgen!` makes of the contract. Changed seldom, because it takes long to compile.

#![allow(
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    reason = "generated"
)]
#![allow(
    clippy::pedantic,
    clippy::too_many_lines,
    clippy::missing_errors_doc,
    reason = "generated"
)]

pub(crate) mod runner {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "arborist:runner/runner",
        imports: {
            default: trappable,
            "arborist:runner/http.send": async | trappable,
            "arborist:runner/http.open": async | trappable,
            "arborist:runner/http.[method]incoming.read": async | trappable,
        },
        exports: { default: async },
        with: {
            "arborist:runner/http.incoming": crate::gateway::Incoming,
        },
    });
}

pub(crate) mod streaming {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package arborist:streaming-only;
            world streaming { export arborist:runner/generate-streaming@0.1.0; }
        ",
        world: "arborist:streaming-only/streaming",
        exports: { default: async | store },
        with: {
            "arborist:runner/runner-types": super::runner::arborist::runner::runner_types,
        },
    });
}

pub(crate) mod about {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package arborist:about-only;
            world described { export arborist:runner/about@0.1.0; }
        ",
        world: "arborist:about-only/described",
        exports: { default: async },
        with: {
            "arborist:runner/runner-types": super::runner::arborist::runner::runner_types,
        },
    });
}
