//! One run of the built-in mock runner: through the library, and by wasmtime alone.

#![allow(
    missing_docs,
    clippy::expect_used,
    reason = "a measurement that cannot go on should stop"
)]

use arborist::{
    builtin,
    engine::{Allocation, Pool},
    runner::{Description, Parameters},
};
use arborist_benches::{
    bare::{self, Bare},
    ours,
};
use criterion::{Criterion, criterion_group, criterion_main};

const TEXT: &str = "Back up the orders database, then tell the team";

fn runs(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let description = Description::new(TEXT).expect("a description");
    let parameters = Parameters::parse(&["model=small", "style=short"]).expect("parameters");
    let mut group = criterion.benchmark_group("run");
    for (name, setup) in [
        ("bare at its best", bare::Setup::Best),
        ("bare uninterruptible", bare::Setup::Uninterruptible),
        ("bare on demand", bare::Setup::OnDemand),
    ] {
        let mock = builtin::find("mock").expect("it comes with the host").bytes;
        let bare = Bare::new(setup, 1_000, mock).expect("it compiles");
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(bare.run(TEXT, parameters.as_slice())));
        });
    }
    for (name, allocation) in [
        ("out of a pool", Allocation::Pooling(Pool::default())),
        ("on demand", Allocation::OnDemand),
    ] {
        let runner = runtime.block_on(ours::load(ours::Setup::mock(allocation)));
        group.bench_function(format!("answer, {name}"), |bencher| {
            bencher.iter(|| runtime.block_on(ours::answer(&runner, &description, &parameters)));
        });
        group.bench_function(format!("task spec, {name}"), |bencher| {
            bencher.iter(|| runtime.block_on(ours::task_spec(&runner, &description, &parameters)));
        });
    }
}

criterion_group!(benches, runs);
criterion_main!(benches);
