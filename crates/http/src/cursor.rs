//! Cursors of pages: opaque to callers, made of `[A-Za-z0-9_-]`.

use docket_app::archive::DueCursor;
use docket_app::{Cursor, Position, SegmentKind};
use docket_domain::{Id, Time};

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Numbers joined by `-`, in hexadecimal.
fn numbers<const N: usize>(text: &str) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split('-');
    for number in &mut numbers {
        let part = parts.next().filter(|part| is_hex(part))?;
        *number = i64::try_from(u64::from_str_radix(part, 16).ok()?).ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// After an order.
pub fn of_order(Cursor { at, id }: Cursor) -> String {
    format!("{:x}-{:x}", at.0, id.0)
}

/// See [`of_order`].
pub fn order(text: &str) -> Option<Cursor> {
    let [at, id] = numbers(text)?;
    Some(Cursor { at: Time(at), id: Id(id) })
}

/// After the first `shown` nodes of an order.
pub fn of_nodes(Cursor { at, id }: Cursor, shown: usize) -> String {
    format!("{:x}-{:x}-{shown:x}", at.0, id.0)
}

/// See [`of_nodes`]; also takes [`of_order`], after all its nodes.
pub fn nodes(text: &str) -> Option<(Cursor, Option<usize>)> {
    if let Some(whole) = order(text) {
        return Some((whole, None));
    }
    let [at, id, shown] = numbers(text)?;
    Some((Cursor { at: Time(at), id: Id(id) }, Some(usize::try_from(shown).ok()?)))
}

/// After a row of the log.
pub fn of_entry(at: Time, tree: Id, seq: u32) -> String {
    format!("{:x}-{:x}-{seq:x}", at.0, tree.0)
}

/// See [`of_entry`].
pub fn entry(text: &str) -> Option<(Time, Id, u32)> {
    let [at, tree, seq] = numbers(text)?;
    Some((Time(at), Id(tree), u32::try_from(seq).ok()?))
}

/// After a row of the log of one order.
pub fn of_row((site, seq): (u8, u32)) -> String {
    format!("{site:x}-{seq:x}")
}

/// See [`of_row`].
pub fn row(text: &str) -> Option<(u8, u32)> {
    let [site, seq] = numbers(text)?;
    Some((u8::try_from(site).ok()?, u32::try_from(seq).ok()?))
}

/// After a version of what was agreed of an order.
pub fn of_version(version: u32) -> String {
    format!("{version:x}")
}

/// See [`of_version`].
pub fn version(text: &str) -> Option<u32> {
    let [version] = numbers(text)?;
    u32::try_from(version).ok()
}

/// After what was counted of what is due for the archive.
pub fn of_due(DueCursor { kind, after }: DueCursor) -> String {
    let kind = kind as i64;
    match after {
        None => format!("{kind:x}"),
        Some(Position { at, tree, site, seq }) => {
            format!("{kind:x}-{:x}-{:x}-{site:x}-{seq:x}", at.0, tree.0)
        }
    }
}

/// See [`of_due`].
pub fn due(text: &str) -> Option<DueCursor> {
    let kind = |code: i64| SegmentKind::ALL.into_iter().find(|kind| *kind as i64 == code);
    if let Some([code]) = numbers(text) {
        return Some(DueCursor { kind: kind(code)?, after: None });
    }
    let [code, at, tree, site, seq] = numbers(text)?;
    let after = Position { at: Time(at), tree: Id(tree), site, seq };
    Some(DueCursor { kind: kind(code)?, after: Some(after) })
}

/// After what has this number, newest first.
pub fn of_number(id: Id) -> String {
    format!("{:x}", id.0)
}

/// See [`of_number`].
pub fn number(text: &str) -> Option<Id> {
    let [id] = numbers(text)?;
    Some(Id(id))
}

/// After names, such as a SKU and its place.
pub fn of_names<const N: usize>(names: [&str; N]) -> String {
    names.map(|name| hex::encode(name.as_bytes())).join("-")
}

/// See [`of_names`].
pub fn names<const N: usize>(text: &str) -> Option<[String; N]> {
    let names = text.split('-').map(|part| String::from_utf8(hex::decode(part).ok()?).ok());
    names.collect::<Option<Vec<_>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let after = Cursor { at: Time(1_795_168_800_000), id: Id(i64::MAX) };
        assert_eq!(order(&of_order(after)), Some(after));
        assert_eq!(nodes(&of_order(after)), Some((after, None)));
        assert_eq!(nodes(&of_nodes(after, 7)), Some((after, Some(7))));
        let row = (Time(5), Id(7), 9);
        assert_eq!(entry(&of_entry(row.0, row.1, row.2)), Some(row));
        assert_eq!(self::row(&of_row((3, 70_000))), Some((3, 70_000)));
        assert_eq!(version(&of_version(12)), Some(12));
        for kind in SegmentKind::ALL {
            let after = Position { at: Time(5), tree: Id(7), site: 0, seq: 9 };
            for after in [None, Some(after)] {
                assert_eq!(
                    due(&of_due(DueCursor { kind, after })),
                    Some(DueCursor { kind, after })
                );
            }
        }
        let text = of_names(["苹果 1", ""]);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        assert_eq!(names(&text), Some(["苹果 1".to_owned(), String::new()]));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for wrong in ["", "-", "x-1", "1", "1-2-3", "ffffffffffffffff-1", "1-é"] {
            assert_eq!(order(wrong), None, "{wrong}");
        }
        for wrong in ["0", "4", "1-2", "1-2-3-4", "", "1-x-3-4-5"] {
            assert_eq!(due(wrong), None, "{wrong}");
        }
        for wrong in ["0", "zz-", "ff-ff", "+1-", "é-"] {
            assert_eq!(names::<2>(wrong), None, "{wrong}");
        }
    }
}
