//! Two things in turns, so that what disturbs one disturbs the other.

use serde::Serialize;

/// What a comparison came to.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Compared {
    /// The median of ours.
    pub ours: f64,
    /// The median of the twin.
    pub twin: f64,
    /// The median of the rounds' ratios.
    pub ratio: f64,
    /// A quarter of the rounds have a ratio below this one.
    pub low: f64,
    /// A quarter of the rounds have a ratio above this one.
    pub high: f64,
}

/// Measures both `rounds` times, the one that begins changing from round to round.
pub fn compare(
    rounds: usize,
    mut ours: impl FnMut() -> f64,
    mut twin: impl FnMut() -> f64,
) -> Compared {
    // What is set up at the first use is no part of a round.
    ours();
    twin();
    let measured: Vec<(f64, f64)> = (0..rounds.max(1))
        .map(|round| {
            if round % 2 == 0 {
                let ours = ours();
                (ours, twin())
            } else {
                let twin = twin();
                (ours(), twin)
            }
        })
        .collect();
    let ratios: Vec<f64> = measured.iter().map(|(ours, twin)| ours / twin).collect();
    Compared {
        ours: quantile(measured.iter().map(|(ours, _)| *ours), 0.5),
        twin: quantile(measured.iter().map(|(_, twin)| *twin), 0.5),
        ratio: quantile(ratios.iter().copied(), 0.5),
        low: quantile(ratios.iter().copied(), 0.25),
        high: quantile(ratios.iter().copied(), 0.75),
    }
}

/// The medians of what is measured at each of `points`, all of them in each round, so that a slow moment bends no curve.
pub fn each<const N: usize>(
    rounds: usize,
    points: &[usize],
    mut measure: impl FnMut(usize) -> [f64; N],
) -> Vec<(usize, [f64; N])> {
    let measured: Vec<Vec<[f64; N]>> = (0..rounds.max(1))
        .map(|_| points.iter().map(|point| measure(*point)).collect())
        .collect();
    let median =
        |at: usize, which: usize| quantile(measured.iter().map(|round| round[at][which]), 0.5);
    let medians = |at| std::array::from_fn(|which| median(at, which));
    let points = points.iter().enumerate();
    points.map(|(at, point)| (*point, medians(at))).collect()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index into a few dozen values"
)]
fn quantile(values: impl Iterator<Item = f64>, at: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let index = ((values.len() - 1) as f64 * at).round() as usize;
    values[index]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_ratios_is_told_with_its_quarters() {
        let mut ours = [0.0, 4.0, 2.0, 6.0, 8.0, 1000.0].into_iter();
        let compared = compare(5, || ours.next().unwrap(), || 2.0);
        assert_eq!((compared.ours, compared.twin), (6.0, 2.0));
        assert_eq!(
            (compared.low, compared.ratio, compared.high),
            (2.0, 3.0, 4.0)
        );
    }
}
