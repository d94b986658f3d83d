//! Charts: from numbers to an image for a mail or a post. It knows bars, lines and shades, never tickets.
//!
//! [`charts_rs`] draws the SVG, [`resvg`] makes the PNG of it, both with the one font that the program carries
//! (Roboto, under Apache-2.0, from charts-rs), so that the same numbers give the same bytes on every machine.
//! Images are drawn at twice the size at which they are shown, for screens with small pixels, on a light ground
//! of their own, since nobody knows the ground that a mail program puts under them.

mod svg;

use std::sync::{Arc, LazyLock};

use resvg::{tiny_skia, usvg};
use serde::{Deserialize, Serialize};

pub use svg::{svg, svg_of_all};

/// How wide a chart is shown, in CSS pixels.
pub const WIDTH: u32 = 600;
/// How many pixels of the image stand for one CSS pixel.
const SCALE: f32 = 2.0;

/// A chart to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// What stands above it.
    pub title: String,
    /// What it shows.
    pub form: Form,
}

/// The forms a chart may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// For each label a bar of each series.
    Bars {
        /// What stands below the bars.
        labels: Vec<String>,
        /// The bars, one series a colour.
        series: Vec<Series>,
    },
    /// For each series a line from label to label.
    Lines {
        /// What stands below the points.
        labels: Vec<String>,
        /// The lines.
        series: Vec<Series>,
    },
    /// A table whose fields are the darker, the greater their number is.
    Heat {
        /// What stands left of the rows, from the top.
        rows: Vec<String>,
        /// What stands below the columns.
        columns: Vec<String>,
        /// The numbers, row by row.
        values: Vec<i64>,
    },
}

/// One row of numbers with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The name.
    pub name: String,
    /// A number for each label.
    pub values: Vec<i64>,
}

/// Why a chart cannot be drawn. The numbers are to blame, or the program; trying again is no use.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// The drawing failed.
    #[error("the chart cannot be drawn: {0}")]
    Draw(#[from] charts_rs::Error),
    /// The drawing is no SVG.
    #[error("the chart cannot be read: {0}")]
    Read(#[from] usvg::Error),
    /// The image has no size, or one beyond all reason.
    #[error("the chart has no size")]
    Size,
    /// The image cannot be encoded.
    #[error("the chart cannot be encoded: {0}")]
    Encode(String),
}

/// The chart as a PNG image, [`WIDTH`] wide when it is shown at half its size.
///
/// # Errors
/// If the numbers cannot be drawn.
pub fn png(chart: &Chart) -> Result<Vec<u8>, PlotError> {
    drawn(&svg(chart)?)
}

/// Several charts as one PNG image, two beside each other: a post in chat shows one image well, and four badly.
///
/// # Errors
/// If the numbers cannot be drawn.
pub fn png_of_all(charts: &[Chart]) -> Result<Vec<u8>, PlotError> {
    drawn(&svg_of_all(charts)?)
}

fn drawn(svg: &str) -> Result<Vec<u8>, PlotError> {
    let options = usvg::Options {
        font_family: charts_rs::DEFAULT_FONT_FAMILY.to_owned(),
        fontdb: FONTS.clone(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options)?;
    let size = tree
        .size()
        .to_int_size()
        .scale_by(SCALE)
        .ok_or(PlotError::Size)?;
    let mut image = tiny_skia::Pixmap::new(size.width(), size.height()).ok_or(PlotError::Size)?;
    resvg::render(
        &tree,
        tiny_skia::Transform::from_scale(SCALE, SCALE),
        &mut image.as_mut(),
    );
    image
        .encode_png()
        .map_err(|error| PlotError::Encode(error.to_string()))
}

/// The one font; those of the machine are not looked at.
static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(charts_rs::DEFAULT_FONT_DATA.to_vec());
    Arc::new(fonts)
});

#[cfg(test)]
mod tests;
