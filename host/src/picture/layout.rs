//! Where boxes and lines go: the layered layout of ascii-dag, which nobody else here names.

use super::{MAX_DRAWN_LINES, MAX_DRAWN_STEPS, Plan, TooLarge};
use ascii_dag::{BoxedNode, Direction, Graph, LayoutConfig, LayoutIR, RenderOptions, ir::NodeKind};
use std::collections::HashMap;

/// Boxes and lines in cells: a cell is as wide as a character.
#[derive(Debug)]
pub(super) struct Layout {
    /// Cells from the leftmost box or line to the rightmost.
    pub(super) width: usize,
    /// A box for each step, in their order.
    pub(super) boxes: Vec<Box>,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Box {
    pub(super) x: usize,
    pub(super) width: usize,
    pub(super) level: usize,
}

/// A line between two steps, and the columns in which it passes the levels between them, downwards.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) columns: Vec<usize>,
}

/// A drawing in characters, before names are put in: each line of `text` has one character a cell.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) text: String,
    /// For each step its box: left, top, width and height.
    pub(super) boxes: Vec<[usize; 4]>,
}

/// Whether the plan is small enough to be laid out, by what the layout's time grows with.
pub(super) fn fits(plan: &Plan) -> Result<(), TooLarge> {
    let level = |step: usize| plan.steps.get(step).map_or(0, |step| step.level);
    let lines = plan.lines().count();
    let passed: usize = plan
        .lines()
        .map(|(from, to)| level(to).saturating_sub(level(from) + 1))
        .sum();
    let refuse = |what, limit| Err(TooLarge { what, limit });
    if plan.steps.len() > MAX_DRAWN_STEPS {
        return refuse("it has too many steps", MAX_DRAWN_STEPS);
    }
    if lines.saturating_add(passed) > MAX_DRAWN_LINES {
        return refuse(
            "its dependencies, and the stages that they pass, are too many",
            MAX_DRAWN_LINES,
        );
    }
    Ok(())
}

/// Lays the plan out, with a box around each of `labels`, which count as one cell a character.
pub(super) fn layout(plan: &Plan, labels: &[String]) -> Layout {
    let graph = graph(plan, labels);
    let found = placed(&graph);
    let mut boxes = vec![Box::default(); plan.steps.len()];
    // Where lines pass the levels between their ends, in the order of the levels.
    let mut passed: HashMap<usize, Vec<(usize, usize)>> = HashMap::new();
    for node in found.nodes() {
        if let (NodeKind::Dummy, Some(line)) = (node.kind, node.edge_index) {
            passed
                .entry(line)
                .or_default()
                .push((node.level, node.center_x));
        } else if let Some(place) = boxes.get_mut(node.id) {
            *place = Box {
                x: node.x,
                width: node.width,
                level: node.level,
            };
        }
    }
    let lines = found.edges().iter().map(|edge| {
        let mut passed = passed.remove(&edge.edge_index).unwrap_or_default();
        passed.sort_unstable();
        Line {
            from: edge.from_id,
            to: edge.to_id,
            columns: passed.into_iter().map(|(_, column)| column).collect(),
        }
    });
    Layout {
        lines: lines.collect(),
        width: found.width(),
        boxes,
    }
}

/// Draws the plan in characters: box-drawing ones, or ASCII alone.
pub(super) fn draw(plan: &Plan, labels: &[String], ascii: bool) -> Drawing {
    let graph = graph(plan, labels);
    let found = placed(&graph);
    let options = if ascii {
        RenderOptions::ascii()
    } else {
        RenderOptions::plain()
    };
    let mut boxes = vec![[0; 4]; plan.steps.len()];
    for node in found
        .nodes()
        .iter()
        .filter(|node| node.kind != NodeKind::Dummy)
    {
        if let Some(place) = boxes.get_mut(node.id) {
            *place = [node.x, node.y, node.width, node.height];
        }
    }
    Drawing {
        text: found.render_string(&options),
        boxes,
    }
}

fn graph<'a>(plan: &Plan, labels: &'a [String]) -> Graph<'a> {
    let mut graph = Graph::new();
    for (i, label) in labels.iter().enumerate() {
        graph.add_node(i, BoxedNode(label));
    }
    for (from, to) in plan.lines() {
        graph.add_edge(from, to, None);
    }
    graph
}

fn placed<'a>(graph: &Graph<'a>) -> LayoutIR<'a> {
    let mut config = LayoutConfig::quality();
    config.direction = Direction::TopDown;
    config.include_dummy_nodes = true;
    graph.compute_layout_with_config(&config)
}
