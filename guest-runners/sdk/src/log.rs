//! Log lines for the user: shown with `-v`, and the last of them when a run fails.
//!
//! `log::info(format_args!("{n} steps"))` or `log::info("done")`. Natively they go nowhere.

use std::fmt::Display;

macro_rules! levels {
    ($($(#[$doc:meta])* $name:ident => $level:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(message: impl Display) {
            #[cfg(target_family = "wasm")]
            {
                use crate::bindings::wasi::logging::logging::{Level, log};
                log(Level::$level, "", &message.to_string());
            }
            #[cfg(not(target_family = "wasm"))]
            drop(message);
        }
    )*};
}

levels! {
    /// What helps nobody but the runner's author, and there is much of it.
    trace => Trace;
    /// What helps to find a fault.
    debug => Debug;
    /// What a curious user wants to know.
    info => Info;
    /// What may be wrong, though the call goes on.
    warn => Warn;
    /// Why the call fails, where the error itself has no room for it.
    error => Error;
}
