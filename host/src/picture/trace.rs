//! Reads a drawing as a person would, to know whether it says what the plan says.

use super::Plan;
use super::layout::Drawing;
use std::collections::{BTreeSet, HashSet};

/// Where a line goes on from a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    Down,
    Left,
    Right,
}

/// Whether following the lines down from each step leads to exactly the steps that wait for it. Where lines cross they go on
/// straight; where they meet, every way that does not lead up again is taken.
pub(super) fn is_exact(plan: &Plan, drawing: &Drawing) -> bool {
    let cells: Vec<Vec<char>> = drawing
        .text
        .lines()
        .map(|line| line.chars().collect())
        .collect();
    let mut followers = vec![BTreeSet::new(); plan.steps.len()];
    for (from, to) in plan.lines() {
        if let Some(set) = followers.get_mut(from) {
            set.insert(to);
        }
    }
    let mut grid = Grid {
        owners: cells.iter().map(|line| vec![None; line.len()]).collect(),
        cells,
    };
    for (step, place) in drawing.boxes.iter().enumerate() {
        grid.own(step, *place);
    }
    let exact =
        |(place, expected): (&[usize; 4], &BTreeSet<usize>)| grid.reached(*place) == *expected;
    drawing.boxes.iter().zip(&followers).all(exact)
}

struct Grid {
    cells: Vec<Vec<char>>,
    /// Which step's box a cell belongs to.
    owners: Vec<Vec<Option<usize>>>,
}

impl Grid {
    fn own(&mut self, step: usize, [x, y, width, height]: [usize; 4]) {
        for line in self.owners.iter_mut().skip(y).take(height) {
            for cell in line.iter_mut().skip(x).take(width) {
                *cell = Some(step);
            }
        }
    }

    /// The steps that lines from the lower side of a box lead to.
    fn reached(&self, [x, y, width, height]: [usize; 4]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut seen = HashSet::new();
        let mut open: Vec<(usize, usize, Way)> =
            (x..x + width).map(|x| (x, y + height, Way::Down)).collect();
        while let Some((x, y, way)) = open.pop() {
            if !seen.insert((x, y, way)) {
                continue;
            }
            if let Some(step) = self
                .owners
                .get(y)
                .and_then(|line| line.get(x))
                .copied()
                .flatten()
            {
                // A line that touches a box from the side does not lead into it.
                if way == Way::Down {
                    found.insert(step);
                }
                continue;
            }
            let cell = self
                .cells
                .get(y)
                .and_then(|line| line.get(x))
                .copied()
                .unwrap_or(' ');
            for next in ways(cell, way) {
                match next {
                    Way::Down => open.push((x, y + 1, next)),
                    Way::Right => open.push((x + 1, y, next)),
                    Way::Left => open.extend(x.checked_sub(1).map(|x| (x, y, next))),
                }
            }
        }
        found
    }
}

/// Where one can go who enters this cell on his way: nowhere if it has no arm on that side.
fn ways(cell: char, way: Way) -> Vec<Way> {
    let [up, down, left, right] = match cell {
        '│' | '↓' => [true, true, false, false],
        '─' => [false, false, true, true],
        '┌' => [false, true, false, true],
        '┐' => [false, true, true, false],
        '└' => [true, false, false, true],
        '┘' => [true, false, true, false],
        '├' => [true, true, false, true],
        '┤' => [true, true, true, false],
        '┬' => [false, true, true, true],
        '┴' => [true, false, true, true],
        '┼' => return vec![way],
        _ => [false; 4],
    };
    let enters = match way {
        Way::Down => up,
        Way::Left => right,
        Way::Right => left,
    };
    let arms = [(down, Way::Down), (left, Way::Left), (right, Way::Right)];
    let back = |next: Way| {
        matches!(
            (way, next),
            (Way::Left, Way::Right) | (Way::Right, Way::Left)
        )
    };
    arms.into_iter()
        .filter(|&(arm, next)| enters && arm && !back(next))
        .map(|(_, next)| next)
        .collect()
}
