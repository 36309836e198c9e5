//! A spec of so many steps: read and checked, turned into a DAG and printed.

#![allow(
    missing_docs,
    clippy::expect_used,
    reason = "a measurement that cannot go on should stop"
)]

use arborist::spec::{Dag, TaskSpec};
use arborist_benches::rows;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn specs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("spec");
    for steps in [10, 100, 1_000] {
        let text = rows::spec_text(steps);
        group.throughput(Throughput::Elements(steps as u64));
        group.bench_with_input(BenchmarkId::new("parse", steps), &text, |bencher, text| {
            bencher.iter(|| TaskSpec::parse(text));
        });
        let spec = TaskSpec::parse(&text).expect("a spec").value;
        group.bench_with_input(BenchmarkId::new("print", steps), &spec, |bencher, spec| {
            bencher.iter(|| spec.to_yaml());
        });
        group.bench_with_input(BenchmarkId::new("dag", steps), &spec, |bencher, spec| {
            bencher.iter(|| Dag::from_spec(spec).value.to_yaml());
        });
    }
}

criterion_group!(benches, specs);
criterion_main!(benches);
