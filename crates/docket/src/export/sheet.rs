//! Cells as a spreadsheet leaves them: nothing that it would run, nothing that it would take for a number or a day.
//! Such a cell gets a `'` in front, by which spreadsheets know texts; one that begins with a `'` itself gets a second
//! one, so that one can always be taken away.

use std::borrow::Cow;

/// Whether a spreadsheet would take a cell for a formula.
fn is_run(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A cell that a spreadsheet does not run.
pub fn safe(cell: &str) -> Cow<'_, str> {
    if is_run(cell) || cell.starts_with('\'') { quoted(cell) } else { cell.into() }
}

/// A text that stays one in a spreadsheet.
pub fn text(cell: &str) -> Cow<'_, str> {
    if is_number(cell) || is_day_or_truth(cell) { quoted(cell) } else { safe(cell) }
}

fn quoted(cell: &str) -> Cow<'_, str> {
    format!("'{cell}").into()
}

/// Digits and what stands between them in numbers, times and days: `007`, `1E5`, `3-4`, `12:30`.
fn is_number(cell: &str) -> bool {
    let between = |c: char| {
        c.is_ascii_digit() || matches!(c, '.' | ',' | ':' | '/' | '-' | '+' | '%' | ' ' | 'e' | 'E')
    };
    cell.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' '))
        && cell.chars().all(between)
}

/// `MAR1`, `1-Jan`, `true`.
fn is_day_or_truth(cell: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = cell.to_ascii_lowercase();
    let with_month = MONTHS.iter().any(|month| lower.contains(month));
    let has_digit = lower.contains(|c: char| c.is_ascii_digit());
    matches!(&*lower, "true" | "false") || (with_month && has_digit && lower.len() <= 16)
}

/// Minor units as a decimal with `places` places.
pub fn decimal(minor: i64, places: u32) -> String {
    if places == 0 {
        return minor.to_string();
    }
    let unit = 10_u64.pow(places);
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, rest) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    format!("{sign}{whole}.{rest:0width$}", width = places as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_run_and_every_mark_can_be_taken_away() {
        for cell in ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "'tis", "''", "＝1", "-"] {
            assert_eq!(safe(cell), format!("'{cell}"));
            assert_eq!(text(cell), format!("'{cell}"));
        }
        for cell in ["", "a", "a=1", "龙井茶", "a'b"] {
            assert_eq!(safe(cell), cell);
            assert_eq!(text(cell), cell);
        }
    }

    #[test]
    fn names_that_look_like_numbers_or_days_stay_texts() {
        for name in
            ["391320997262786815", "007", "1E5", "3-4", "12:30", "MAR1", "1-Jan", "TRUE", "1,5"]
        {
            assert_eq!(text(name), format!("'{name}"));
        }
        for name in ["b1", "A-7", "sku", "tea 500 g", "marble", "龙井 250"] {
            assert_eq!(text(name), name);
        }
    }

    #[test]
    fn decimals_have_the_places_of_their_currency() {
        let shown = [(1000, 2), (1000, 0), (1000, 3), (5, 2), (0, 3), (-5, 2)];
        let shown = shown.map(|(minor, places)| decimal(minor, places));
        assert_eq!(shown, ["10.00", "1000", "1.000", "0.05", "0.000", "-0.05"]);
    }
}
