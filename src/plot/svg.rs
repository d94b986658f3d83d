//! From a chart to SVG: colours, sizes, and what a reader needs to read the numbers off.

use charts_rs::{Align, BarChart, Box, ChartBase, Color, HeatmapChart, LineChart, YAxisConfig};

use super::{Chart, Form, PlotError, Series, WIDTH};

const HEIGHT: f32 = 240.0;
/// Height of one row of a table of shades, and of what stands above and below the rows.
const ROW: f32 = 22.0;
const AROUND_ROWS: f32 = 80.0;

/// Told apart by people who do not see all colours, too.
const COLOURS: [(u8, u8, u8); 4] = [
    (47, 111, 222),
    (230, 134, 25),
    (39, 155, 130),
    (140, 90, 190),
];
const PALEST: (u8, u8, u8) = (236, 242, 252);
const DARKEST: (u8, u8, u8) = (24, 72, 160);
const INK: (u8, u8, u8) = (60, 66, 74);

/// The chart as SVG.
///
/// # Errors
/// If the numbers cannot be drawn.
pub fn svg(chart: &Chart) -> Result<String, PlotError> {
    let drawn = match &chart.form {
        Form::Bars { labels, series } => {
            let mut bars = BarChart::new(drawable(series), labels.clone());
            dress(&mut bars.base, &chart.title, HEIGHT);
            bars.base.legend.show = Some(series.len() > 1);
            bars.base
                .series_list
                .iter_mut()
                .for_each(|one| one.label_show = series.len() == 1);
            bars.radius = Some(2.0);
            bars.y_axis_configs = vec![count_axis(&bars.y_axis_configs, series)];
            bars.svg()?
        }
        Form::Lines { labels, series } => {
            let mut lines = LineChart::new(drawable(series), labels.clone());
            dress(&mut lines.base, &chart.title, HEIGHT);
            lines.base.legend.show = Some(series.len() > 1);
            lines.base.series.symbol = Some(charts_rs::Symbol::None);
            lines.base.series.fill = true;
            lines.y_axis_configs = vec![count_axis(&lines.y_axis_configs, series)];
            lines.svg()?
        }
        Form::Heat {
            rows,
            columns,
            values,
        } => {
            // Only fields with a number are drawn darker than the palest.
            let fields = (0..)
                .zip(values.iter().map(|value| number(*value)))
                .collect();
            let mut heat = HeatmapChart::new(fields, columns.clone(), rows.clone());
            dress(&mut heat.base, &chart.title, height(chart));
            heat.heatmap_series.min = 0.0;
            heat.heatmap_series.max = values.iter().copied().map(number).fold(1.0, f32::max);
            heat.heatmap_series.min_color = PALEST.into();
            heat.heatmap_series.max_color = DARKEST.into();
            heat.svg()?
        }
    };
    Ok(drawn)
}

/// All charts in one SVG, two in a row.
///
/// # Errors
/// If the numbers cannot be drawn.
pub fn svg_of_all(charts: &[Chart]) -> Result<String, PlotError> {
    #[expect(clippy::cast_precision_loss, reason = "600 is exact")]
    let width = WIDTH as f32;
    let (mut body, mut top) = (String::new(), 0.0_f32);
    for pair in charts.chunks(2) {
        let mut left = 0.0_f32;
        for chart in pair {
            body.push_str(&format!(
                "<g transform=\"translate({left} {top})\">{}</g>",
                svg(chart)?
            ));
            left += width;
        }
        top += pair.iter().map(height).fold(0.0, f32::max);
    }
    let across = if charts.len() > 1 { 2.0 * width } else { width };
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{across}\" height=\"{top}\">\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>{body}</svg>"
    ))
}

/// How high a chart is.
fn height(chart: &Chart) -> f32 {
    match &chart.form {
        Form::Bars { .. } | Form::Lines { .. } => HEIGHT,
        #[expect(clippy::cast_precision_loss, reason = "a table has few rows")]
        Form::Heat { rows, .. } => ROW * rows.len() as f32 + AROUND_ROWS,
    }
}

fn drawable(series: &[Series]) -> Vec<charts_rs::Series> {
    let drawn = series.iter().map(|one| {
        let values = one.values.iter().copied().map(number).collect();
        charts_rs::Series::new(one.name.clone(), values)
    });
    drawn.collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a pixel stands for more than what is lost"
)]
fn number(value: i64) -> f32 {
    value as f32
}

/// What all charts have in common.
fn dress(base: &mut ChartBase, title: &str, height: f32) {
    #[expect(clippy::cast_precision_loss, reason = "600 is exact")]
    let width = WIDTH as f32;
    base.width = width;
    base.height = height;
    base.margin = Box {
        left: 12.0,
        top: 10.0,
        right: 16.0,
        bottom: 8.0,
    };
    base.background_color = Color::white();
    base.title.text = title.to_owned();
    base.title.align = Align::Left;
    base.title.font.size = 15.0;
    base.title.font.color = INK.into();
    base.legend.align = Align::Right;
    base.legend.font.size = 12.0;
    base.x_axis.font.size = 12.0;
    base.series.colors = COLOURS.iter().map(|colour| (*colour).into()).collect();
}

/// An axis whose lines stand at whole numbers.
fn count_axis(given: &[YAxisConfig], series: &[Series]) -> YAxisConfig {
    let mut axis = given.first().cloned().unwrap_or_default();
    let most = series
        .iter()
        .flat_map(|one| &one.values)
        .copied()
        .max()
        .unwrap_or(0);
    axis.font.size = 12.0;
    axis.split_number = usize::try_from(most.clamp(1, 4)).unwrap_or(4);
    axis.min = Some(0.0);
    axis.max = Some(number(round_up(most)));
    axis
}

/// The next number that four equal steps reach in whole numbers, itself where it is small.
fn round_up(most: i64) -> i64 {
    if most <= 4 {
        return most.max(1);
    }
    let mut unit = 1_i64;
    loop {
        for step in [1, 2, 5] {
            let step = unit.saturating_mul(step);
            if step.saturating_mul(4) >= most {
                return step.saturating_mul(4);
            }
        }
        unit = unit.saturating_mul(10);
    }
}
