//! How much a task spec or a DAG may be. Every bound is checked before memory is spent on what exceeds it.

/// Bytes of a task spec as text, as given and in canonical form: 1 MiB. A plan of 10,000 steps with ordinary commands fits.
pub const MAX_TEXT_BYTES: usize = 1 << 20;
/// Bytes of a DAG as text: 4 MiB, since the DAG of a spec is longer than the spec.
pub const MAX_DAG_BYTES: usize = 4 << 20;
/// Levels of lists and maps in each other. A spec needs four; the rest is room for keys that are dropped.
pub const MAX_DEPTH: usize = 32;
/// Values (scalars, lists, maps) after aliases are expanded.
pub const MAX_NODES: usize = 300_000;
/// How many times the bound of a text its scalars and keys may take together after aliases are expanded.
pub const EXPANSION: usize = 2;
/// Steps of one spec or DAG.
pub const MAX_STEPS: usize = 10_000;
/// Dependencies of all steps together.
pub const MAX_DEPENDENCIES: usize = 100_000;
/// Characters of a spec's or step's name as written. Names in a DAG are shorter: see [`super::Dag`].
pub const MAX_NAME_CHARS: usize = 200;
/// Bytes of one command: 64 KiB. A longer one belongs in a file.
pub const MAX_COMMAND_BYTES: usize = 64 << 10;
/// Bytes of one description: 64 KiB.
pub const MAX_DESCRIPTION_BYTES: usize = 64 << 10;
/// Faults and warnings that one report keeps of each kind; more are counted.
pub const MAX_REPORTED: usize = 50;
/// Characters of a name from the input that a message shows.
pub const MAX_SHOWN_CHARS: usize = 60;
/// Seconds that a DAG's time-out or retry interval may say: a year.
pub const MAX_SECONDS: u64 = 31_536_000;
/// Retries that a DAG's step may ask for.
pub const MAX_RETRIES: u64 = 1_000;
