//! The table that a terminal shows.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Number, octets, unique-id, date, sender and subject.
pub(super) type Cells = [String; 6];

const HEADS: [&str; 6] = ["#", "octets", "unique-id", "date", "from", "subject"];
/// No column is wider, whatever is in it.
const WIDEST: [usize; 6] = [10, 20, 20, 31, 28, 200];
/// What a column keeps when others need the room.
const LEAST: [usize; 6] = [10, 20, 9, 12, 12, 30];
/// Which columns give way first.
const GIVING_WAY: [usize; 4] = [2, 4, 3, 5];
const GAP: usize = 2;

/// Prints a table that is no wider than the terminal, if that can be.
pub(super) fn print(out: &mut impl Write, rows: Vec<Cells>, columns: usize) -> io::Result<()> {
    let widths = fit(&rows, columns);
    for row in std::iter::once(HEADS.map(str::to_owned)).chain(rows) {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
            let cell = clip(cell, width);
            let padding = " ".repeat(width - cell.width());
            // Numbers stand to the right.
            match at {
                0 | 1 => line.extend([&padding, &cell, "  "]),
                _ => line.extend([&cell, &padding, "  "]),
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A date without what nobody looks for in a table: `23 Nov 2026 09:00`, in the sender's time.
pub(super) fn short_date(date: &str) -> String {
    let behind_weekday = date.split_once(',').map_or(date, |(_, rest)| rest);
    let mut words = behind_weekday.split_whitespace();
    match (words.next(), words.next(), words.next(), words.next().and_then(|time| time.get(..5))) {
        (Some(day), Some(month), Some(year), Some(time)) => format!("{day} {month} {year} {time}"),
        _ => date.to_owned(),
    }
}

/// How wide each column is: as wide as what is in it, less what does not fit the terminal.
fn fit(rows: &[Cells], columns: usize) -> [usize; 6] {
    let mut widths = HEADS.map(UnicodeWidthStr::width);
    for row in rows {
        for ((width, cell), widest) in widths.iter_mut().zip(row).zip(WIDEST) {
            *width = (*width).max(cell.width().min(widest));
        }
    }
    // The subject takes what the others leave before they give way, but for its least.
    let taken = |widths: &[usize; 6]| widths.iter().sum::<usize>() + GAP * (widths.len() - 1);
    let mut give = |column: usize, least: usize| {
        let excess = taken(&widths).saturating_sub(columns);
        let spare = widths[column].saturating_sub(least);
        widths[column] -= excess.min(spare);
    };
    give(5, LEAST[5]);
    for column in GIVING_WAY {
        give(column, LEAST[column]);
    }
    give(5, 10);
    widths
}

/// As much of a text as fits a column, with an ellipsis when that is not all.
fn clip(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut clipped = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        clipped.push(c);
    }
    clipped.push('…');
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_clipped_by_width() {
        assert_eq!(clip("short", 5), "short");
        assert_eq!(clip("longer", 5), "long…");
        assert_eq!(clip("日本語", 5), "日本…");
    }

    #[test]
    fn dates_are_short() {
        assert_eq!(short_date("Mon, 23 Nov 2026 09:00:00 +0000"), "23 Nov 2026 09:00");
        assert_eq!(short_date("7 Nov 2026 9:05 GMT"), "7 Nov 2026 9:05 GMT");
        for odd in ["", "yesterday", "a, b c d é1234", "Mon, 23 Nov 2026"] {
            let _ = short_date(odd);
        }
    }

    fn printed(row: [&str; 6], columns: usize) -> Vec<String> {
        let mut out = Vec::new();
        print(&mut out, vec![row.map(str::to_owned)], columns).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_table_fits_the_terminal() {
        let long = "x".repeat(300);
        let row =
            ["5000", "61463432", long.as_str(), "Mon, 23 Nov 2026 09:00:00 +0000", &long, &long];
        for columns in [80, 100, 132, 200] {
            for line in printed(row, columns) {
                assert!(line.width() <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn a_wide_terminal_shows_everything() {
        let row = ["1", "120", "id", "today", "mary", "lunch?"];
        assert_eq!(
            printed(row, 80),
            [
                "#  octets  unique-id  date   from  subject",
                "1     120  id         today  mary  lunch?"
            ]
        );
    }
}
