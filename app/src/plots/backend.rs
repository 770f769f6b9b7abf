//! A drawing backend that writes SVG path data with classes: no colours, no inline styles, one decimal at most.
//! The colour that plotters hands over is only the number of a class; the sheet has the real ones.

use std::{convert::Infallible, fmt::Write as _};

use plotters::style::{RGBAColor, ShapeStyle};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind};

use crate::components::plot::PlotPath;

const WIDTH: u32 = 1000;
/// Steps of a unit: plotters draws in whole numbers.
const PARTS: u32 = 10;

const CLASSES: [&str; 8] =
    ["series", "series model", "rule dotted", "rule ghost", "band", "bar", "bar spot", "bar ghost"];

/// The style that stands for the class.
pub(super) fn style(class: &str, filled: bool) -> ShapeStyle {
    let number = CLASSES.iter().position(|known| *known == class).unwrap_or_default();
    let color = RGBAColor(u8::try_from(number).unwrap_or_default(), 0, 0, 1.0);
    ShapeStyle { color, filled, stroke_width: 1 }
}

fn class(color: BackendColor) -> &'static str {
    CLASSES.get(usize::from(color.rgb.0)).copied().unwrap_or(CLASSES[0])
}

pub(super) struct Paths<'a> {
    size: (u32, u32),
    paths: &'a mut Vec<PlotPath>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(height: u32, paths: &'a mut Vec<PlotPath>) -> Self {
        Self { size: (WIDTH * PARTS, height * PARTS), paths }
    }

    /// What is transparent is not drawn: plotters gives areas a border of that kind.
    fn write(&mut self, color: BackendColor, points: impl IntoIterator<Item = BackendCoord>, closed: bool) {
        if color.alpha <= 0.0 {
            return;
        }
        let mut d = String::new();
        for (x, y) in points {
            d.push(if d.is_empty() { 'M' } else { 'L' });
            number(&mut d, x);
            d.push(' ');
            number(&mut d, y);
        }
        if closed && !d.is_empty() {
            d.push('z');
        }
        if !d.is_empty() {
            self.paths.push(PlotPath { class: class(color).to_owned(), d });
        }
    }
}

fn number(text: &mut String, value: i32) {
    let parts = i32::try_from(PARTS).unwrap_or(1);
    let sign = if value < 0 { "-" } else { "" };
    let _ = write!(text, "{sign}{}", (value / parts).abs());
    let rest = (value % parts).abs();
    if rest != 0 {
        let _ = write!(text, ".{rest}");
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Paths<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    /// A line of no length: round caps make it a dot.
    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.write(color, [point, point], false);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.write(style.color(), [from, to], false);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        self.write(style.color(), [(left, top), (right, top), (right, bottom), (left, bottom)], true);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.write(style.color(), path, false);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        self.write(style.color(), corners, true);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_reads_back_from_its_style() {
        for known in CLASSES {
            let color = style(known, true).color;
            assert_eq!(class(BackendColor { alpha: 1.0, rgb: (color.0, color.1, color.2) }), known);
        }
    }

    #[test]
    fn numbers_have_one_decimal_or_none() {
        let said = [0, 10, 15, -5, -10, 123].map(|value| {
            let mut text = String::new();
            number(&mut text, value);
            text
        });
        assert_eq!(said, ["0", "1", "1.5", "-0.5", "-1", "12.3"]);
    }
}
