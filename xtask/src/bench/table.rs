//! The one table: for a terminal and for Markdown.

use super::figures::Row;

const HEAD: [&str; 8] = ["", "median", "p95", "p99", "lowest – highest", "samples", "ratio", "budget"];

/// Columns in line, the first one and the last to the left.
pub(crate) fn plain(rows: &[Row]) -> String {
    let cells = cells(rows);
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &[String; 8]| {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width - cell.chars().count());
            let outer = column == 0 || column + 1 == HEAD.len();
            line.push_str(&if outer { format!("{cell}{padding}  ") } else { format!("{padding}{cell}  ") });
        }
        line.trim_end().to_owned()
    };
    cells.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut lines: Vec<String> = cells(rows).iter().map(|row| format!("| {} |", row.join(" | "))).collect();
    lines.insert(1, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |".to_owned());
    lines.join("\n")
}

/// With the head.
fn cells(rows: &[Row]) -> Vec<[String; 8]> {
    let mut cells = vec![HEAD.map(str::to_owned)];
    cells.extend(rows.iter().map(|row| {
        let shown = |value: f64| row.series.unit.shown(value);
        let or_none = |value: Option<f64>| value.map_or("–".to_owned(), shown);
        let spread = if row.series.samples.len() > 1 {
            format!("{} – {}", shown(row.lowest), shown(row.highest))
        } else {
            "–".to_owned()
        };
        [
            row.series.name.clone(),
            shown(row.median),
            or_none(row.p95),
            or_none(row.p99),
            spread,
            row.series.samples.len().to_string(),
            row.ratio.map_or(String::new(), |ratio| format!("{ratio:.2}")),
            row.series.budget.clone().unwrap_or_default(),
        ]
    }));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::{of, tests::series};
    use crate::bench::series::Series;

    fn rows() -> Vec<Row> {
        let ours = Series {
            against: Some("bare".to_owned()),
            budget: Some("≤ 25 ms".to_owned()),
            ..series("ours", 1..=20)
        };
        of(vec![ours, series("bare", [20])]).unwrap()
    }

    #[test]
    fn columns_stand_in_line() {
        let expected = "\
\x20      median      p95  p99   lowest – highest  samples  ratio  budget
ours  10.0 ms  19.0 ms    –  1.00 ms – 20.0 ms       20   0.50  ≤ 25 ms
bare  20.0 ms        –    –                  –        1";
        assert_eq!(plain(&rows()), expected);
    }

    #[test]
    fn markdown_has_a_row_for_each() {
        let text = markdown(&rows());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        let columns = |line: &str| line.matches('|').count();
        assert!(lines.iter().all(|line| columns(line) == 9), "{text}");
        assert_eq!(lines[2], "| ours | 10.0 ms | 19.0 ms | – | 1.00 ms – 20.0 ms | 20 | 0.50 | ≤ 25 ms |");
    }
}
