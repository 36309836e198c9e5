//! Pictures of how cost grows.

use plotters::prelude::{
    BLACK, ChartBuilder, IntoDrawingArea as _, IntoLogRange as _, LineSeries, PathElement,
    RGBColor, SVGBackend, SeriesLabelPosition, WHITE,
};
use std::path::Path;

/// One line of a picture.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is.
    pub name: &'static str,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// What a picture shows.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its title.
    pub title: &'static str,
    /// What the horizontal axis counts; logarithmic.
    pub across: &'static str,
    /// What the vertical axis counts, from zero.
    pub up: &'static str,
    /// Its lines; at least one, of at least two points.
    pub lines: Vec<Line>,
}

const COLOURS: [RGBColor; 2] = [RGBColor(31, 119, 180), RGBColor(214, 129, 34)];

/// Draws a picture as SVG.
///
/// # Panics
/// The file cannot be written.
pub fn draw(picture: &Picture, file: &Path) {
    let points = || picture.lines.iter().flat_map(|line| line.points.iter());
    let (left, right) = points().fold((f64::MAX, 0.0_f64), |(left, right), (x, _)| {
        (left.min(*x), right.max(*x))
    });
    let top = points().map(|(_, y)| *y).fold(0.0, f64::max) * 1.2;
    let area = SVGBackend::new(file, (720, 420)).into_drawing_area();
    area.fill(&WHITE).expect("a picture");
    let mut chart = ChartBuilder::on(&area)
        .caption(picture.title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d((left..right).log_scale(), 0.0..top)
        .expect("a picture");
    chart
        .configure_mesh()
        .x_desc(picture.across)
        .y_desc(picture.up)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .light_line_style(WHITE)
        .draw()
        .expect("a picture");
    for (line, colour) in picture.lines.iter().zip(COLOURS) {
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), &colour).point_size(3))
            .expect("a picture")
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .border_style(BLACK)
        .background_style(WHITE)
        .draw()
        .expect("a picture");
    area.present().expect("the file can be written");
}
