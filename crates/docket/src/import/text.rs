//! The files of an import as UTF-8, whatever they were written in: UTF-8 and UTF-16 are known by their marks, the
//! mapping may name any other encoding. A file in another one is written anew beside it, line for line, so that all
//! that reads files reads one encoding. Bytes that are none of the encoding make their row unreadable, and no other.

use super::lines::unreadable;
use crate::failure::Failure;
use crate::said::{Said, said};
use encoding_rs::{
    BIG5, DecoderResult, EUC_KR, Encoding, GBK, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that are looked at to find out what a file is written in.
const LOOKED_AT: usize = 64 * 1024;
/// What no text in UTF-8 has: stands where bytes were none of their encoding.
const BROKEN: u8 = 0xff;
/// Names that people give to encodings and the list of the web does not have.
const ALSO: &[(&str, &str)] = &[
    ("latin-1", "latin1"),
    ("cp1252", "windows-1252"),
    ("ansi", "windows-1252"),
    ("cp936", "gbk"),
    ("cp950", "big5"),
    ("cp932", "shift_jis"),
    ("cp949", "euc-kr"),
    ("utf16", "utf-16"),
    ("utf-16-le", "utf-16le"),
    ("utf-16-be", "utf-16be"),
];

/// A file that is read as UTF-8.
#[derive(Debug, Clone)]
pub struct Text {
    /// Where it is, for people.
    pub path: PathBuf,
    /// What it is written in.
    pub encoding: &'static Encoding,
    /// The same in UTF-8, where it is written in something else; goes with the last who reads it.
    copy: Option<Arc<tempfile::TempPath>>,
}

/// The encoding that the mapping calls `name`.
pub fn encoding(name: &str) -> Result<&'static Encoding, Said> {
    let lower = name.trim().to_ascii_lowercase();
    let label = ALSO.iter().find(|(also, _)| *also == lower).map_or(&*lower, |(_, label)| label);
    let found = Encoding::for_label(label.as_bytes());
    // Some labels of the web are decoded as nothing at all.
    found.filter(|found| *found != encoding_rs::REPLACEMENT).ok_or_else(|| {
        let known = "utf-8, gbk, gb18030, big5, shift_jis, euc-kr, utf-16, latin-1, windows-1252";
        said!("`{name}` is no encoding; some are {known}", "`{name}` 不是编码；可用的有 {known} 等")
    })
}

/// What `encoding` is called in a mapping.
pub fn name_of(encoding: &'static Encoding) -> String {
    encoding.name().to_ascii_lowercase()
}

impl Text {
    /// Opens a file of a mapping, which is written in `given` unless a mark at its beginning says otherwise.
    /// `names` are columns that its header has.
    pub fn open(
        path: &Path,
        given: Option<&'static Encoding>,
        names: &[&str],
    ) -> Result<Self, Failure> {
        let begins = beginning(path)?;
        if let Some((marked, _)) = Encoding::for_bom(&begins) {
            return Self::in_encoding(path, marked);
        }
        let header = Beginning::of(&begins, names);
        match given.filter(|given| *given != UTF_8) {
            None if header.is_utf8() => Self::in_encoding(path, UTF_8),
            None => Err(not_in(path, given, header.probably())),
            Some(told) => match header.better_than(told) {
                None => Self::in_encoding(path, told),
                Some(better) => Err(not_in(path, given, better)),
            },
        }
    }

    /// Opens a file of JSON lines: it is UTF-8, or has the mark of UTF-16.
    pub fn of_lines(path: &Path) -> Result<Self, Failure> {
        let marked = Encoding::for_bom(&beginning(path)?).map(|(encoding, _)| encoding);
        Self::in_encoding(path, marked.unwrap_or(UTF_8))
    }

    fn in_encoding(path: &Path, encoding: &'static Encoding) -> Result<Self, Failure> {
        let copy = if encoding == UTF_8 {
            None
        } else {
            let copied = copy(path, encoding).map_err(|error| unreadable(path, &error))?;
            Some(Arc::new(copied))
        };
        Ok(Self { path: path.to_owned(), encoding, copy })
    }

    /// Where its UTF-8 is.
    pub fn read_at(&self) -> &Path {
        self.copy.as_ref().map_or(&self.path, |copy| copy)
    }

    /// Its UTF-8.
    pub fn file(&self) -> std::io::Result<File> {
        File::open(self.read_at())
    }
}

/// What a file begins with; one that is no text is refused.
fn beginning(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut begins = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(LOOKED_AT as u64).read_to_end(&mut begins));
    read.map_err(|error| unreadable(path, &error))?;
    let shown = path.display();
    if begins.starts_with(b"PK\x03\x04") || begins.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Failure::usage(said!(
            "{shown} is a file of a spreadsheet program (or an archive), not a text",
            "{shown} 是电子表格程序的文件（或压缩包），不是文本"
        ))
        .next(said!(
            "Save it there as CSV (UTF-8), and import that.",
            "请在电子表格程序中另存为 CSV（UTF-8），再导入。"
        )));
    }
    if begins.starts_with(b"\x1f\x8b") {
        return Err(Failure::usage(said!("{shown} is packed (gzip)", "{shown} 是 gzip 压缩文件"))
            .next(said!("Unpack it, and import that.", "请解压后再导入。")));
    }
    Ok(begins)
}

/// Writes a file anew in UTF-8, without its mark.
fn copy(path: &Path, encoding: &'static Encoding) -> std::io::Result<tempfile::TempPath> {
    let mut from = File::open(path)?;
    let target = tempfile::NamedTempFile::with_prefix("docket-import-")?;
    let mut to = BufWriter::new(target.as_file());
    let mut decoder = encoding.new_decoder();
    let (mut bytes, mut text) = (vec![0; LOOKED_AT], String::with_capacity(4 * LOOKED_AT));
    loop {
        let length = from.read(&mut bytes)?;
        let mut left = &bytes[..length];
        loop {
            text.clear();
            let (result, read) =
                decoder.decode_to_string_without_replacement(left, &mut text, length == 0);
            to.write_all(text.as_bytes())?;
            left = &left[read..];
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => to.write_all(&[BROKEN])?,
            }
        }
        if length == 0 {
            break;
        }
    }
    to.flush()?;
    drop(to);
    Ok(target.into_temp_path())
}

/// The beginning of a file without a mark, beside the names that its header should have.
struct Beginning<'a> {
    bytes: &'a [u8],
    header: &'a [u8],
    /// Those of the names that tell encodings apart.
    names: Vec<&'a str>,
}

impl<'a> Beginning<'a> {
    fn of(bytes: &'a [u8], names: &[&'a str]) -> Self {
        let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let names = names.iter().copied().filter(|name| !name.is_ascii()).collect();
        Self { bytes, header, names }
    }

    fn is_utf8(&self) -> bool {
        std::str::from_utf8(self.header).is_ok() && !self.header.contains(&0)
    }

    /// How many of the names the header has, if it is in `encoding`.
    fn found(&self, encoding: &'static Encoding) -> usize {
        let text = encoding.decode_without_bom_handling(self.bytes).0;
        let header = text.lines().next().unwrap_or_default();
        self.names.iter().filter(|name| header.contains(**name)).count()
    }

    /// The encoding in which most of the names are found, where any is.
    fn by_names(&self) -> Option<&'static Encoding> {
        let wide: &[&'static Encoding] = &[UTF_16LE, UTF_16BE];
        let narrow = &[UTF_8, GBK, BIG5, SHIFT_JIS, EUC_KR, WINDOWS_1252];
        let all = if self.header.contains(&0) { wide } else { narrow };
        // Of several that find as many, the first.
        let best = all.iter().rev().max_by_key(|encoding| self.found(encoding))?;
        (self.found(best) > 0).then_some(*best)
    }

    /// What it is most likely written in.
    fn probably(&self) -> &'static Encoding {
        self.by_names().unwrap_or_else(|| guess(self.bytes))
    }

    /// The encoding in which more of the names are found than in `told`.
    fn better_than(&self, told: &'static Encoding) -> Option<&'static Encoding> {
        self.by_names().filter(|best| self.found(best) > self.found(told))
    }
}

/// Why a file without a mark cannot be read: it is not in the encoding that the mapping says, or in UTF-8 where that
/// says nothing.
fn not_in(path: &Path, given: Option<&'static Encoding>, guess: &'static Encoding) -> Failure {
    let (shown, guess) = (path.display(), name_of(guess));
    let wrong = match given.map(Encoding::name) {
        None => said!("{shown} is not UTF-8; {guess}?", "{shown} 不是 UTF-8；是 {guess} 吗？"),
        Some(told) => said!(
            "{shown} is not {told}, as `encoding` of the mapping says; {guess}?",
            "{shown} 不是映射中 `encoding` 所写的 {told}；是 {guess} 吗？"
        ),
    };
    Failure::usage(wrong).next(said!(
        "`encoding = \"{guess}\"` in the mapping says so; nothing was taken.",
        "请在映射中写明 encoding = \"{guess}\"；尚未导入任何订单。"
    ))
}

/// What bytes that are not UTF-8 are most likely written in. Signs of East Asia come in pairs of bytes beyond
/// ASCII; letters with accents stand alone between others.
pub fn guess(bytes: &[u8]) -> &'static Encoding {
    if bytes.contains(&0) {
        let odd = bytes.iter().skip(1).step_by(2).filter(|byte| **byte == 0).count();
        let even = bytes.iter().step_by(2).filter(|byte| **byte == 0).count();
        return if odd >= even { UTF_16LE } else { UTF_16BE };
    }
    let (mut pairs, mut single, mut chinese, mut japanese) = (0, 0, 0, 0);
    for run in bytes.split(u8::is_ascii).filter(|run| !run.is_empty()) {
        if run.len() % 2 != 0 {
            single += 1;
            continue;
        }
        for pair in run.chunks(2) {
            pairs += 1;
            match pair[0] {
                0x81..=0x9f => japanese += 1,
                // Where the signs that Chinese is mostly written with begin: letters of Europe lie behind.
                0xa1..=0xa9 | 0xb0..=0xd7 => chinese += 1,
                _ => {}
            }
        }
    }
    let of_asia: &[&'static Encoding] = match () {
        () if pairs <= single => &[],
        () if 2 * chinese > pairs => &[GBK, BIG5, EUC_KR],
        () if 2 * japanese > pairs => &[SHIFT_JIS],
        () => &[],
    };
    // A sign may be cut at the end of what was looked at.
    let is_cut = bytes.len() == LOOKED_AT;
    let fits = |encoding: &&&'static Encoding| {
        is_cut || encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some()
    };
    of_asia.iter().find(fits).copied().unwrap_or(WINDOWS_1252)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], given: Option<&str>) -> Result<Vec<u8>, Failure> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), bytes).expect("it takes bytes");
        let given = given.map(|name| encoding(name).expect("an encoding"));
        let text = Text::open(file.path(), given, &["订单号"])?;
        Ok(std::fs::read(text.read_at()).expect("it can be read"))
    }

    #[test]
    fn files_are_read_in_every_encoding_that_is_named() {
        let text = "订单号,标题\n1,龙井茶\n";
        for name in ["gbk", "GB18030", "gb2312", "big5", "utf-8", "cp936"] {
            let told = encoding(name).expect("an encoding");
            let text = if told == BIG5 { "訂單號,標題\n1,龍井茶\n" } else { text };
            let (bytes, _, lost) = told.encode(text);
            assert!(!lost, "{name}");
            assert_eq!(read(&bytes, Some(name)).expect("it is read"), text.as_bytes(), "{name}");
        }
        let western = "naïve,café\nGröße,5 €\n";
        let (bytes, ..) = WINDOWS_1252.encode(western);
        for name in ["latin-1", "windows-1252", "ISO-8859-1"] {
            assert_eq!(read(&bytes, Some(name)).expect("it is read"), western.as_bytes(), "{name}");
        }
        assert!(encoding("gkb").is_err() && encoding("hz-gb-2312").is_err());
    }

    #[test]
    fn marks_tell_what_a_file_is_written_in() {
        let text = "订单号\t标题\r\n1\t龙井茶 🍵\r\n";
        let wide = |bytes: fn(u16) -> [u8; 2], mark: [u8; 2]| {
            mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        let little = wide(u16::to_le_bytes, [0xff, 0xfe]);
        let big = wide(u16::to_be_bytes, [0xfe, 0xff]);
        for given in [None, Some("utf-16"), Some("gbk")] {
            assert_eq!(read(&little, given).expect("it is read"), text.as_bytes());
            assert_eq!(read(&big, given).expect("it is read"), text.as_bytes());
        }
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        assert_eq!(read(&marked, Some("gbk")).expect("it is read"), marked, "left to the reader");
    }

    #[test]
    fn a_file_that_is_not_utf8_is_told_with_what_it_probably_is() {
        let chinese = "订单号,标题\n1,龙井茶\n";
        let wide: Vec<u8> = chinese.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (gbk, ..) = GBK.encode(chinese);
        let (japanese, ..) = SHIFT_JIS.encode("注文番号,商品名\n1,あいう\n");
        let (western, ..) = WINDOWS_1252.encode("Größe,Maß\n");
        for (bytes, name) in [(&gbk[..], "gbk"), (&wide, "utf-16le"), (&western, "windows-1252")] {
            let failure = read(bytes, None).expect_err("it says no encoding");
            assert!(failure.message.contains(&format!("is not UTF-8; {name}?")), "{failure:?}");
        }
        let japanese = read(&japanese, None).expect_err("it says no encoding");
        assert!(japanese.message.contains("is not UTF-8"), "{japanese:?}");
    }

    #[test]
    fn a_mapping_that_says_another_encoding_is_told_what_it_probably_is() {
        let chinese = "订单号,标题\n1,龙井茶\n";
        let (gbk, ..) = GBK.encode(chinese);
        let (western, ..) = WINDOWS_1252.encode("Nr;Währung\nC1;EUR\n");
        for (bytes, told, wanted) in [
            (&gbk[..], "utf-8", "is not UTF-8, as `encoding` of the mapping says; gbk?"),
            (chinese.as_bytes(), "gbk", "is not GBK, as `encoding` of the mapping says; utf-8?"),
            (&gbk, "big5", "is not Big5, as `encoding` of the mapping says; gbk?"),
            (&western, "utf-8", "is not UTF-8, as `encoding` of the mapping says; windows-1252?"),
        ] {
            let failure = read(bytes, Some(told)).expect_err("it is another");
            assert!(failure.message.contains(wanted), "{told}: {failure:?}");
        }
        // A name of ASCII alone tells nothing of encodings.
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), &western).expect("it takes bytes");
        let failure = Text::open(file.path(), None, &["Nr"]).expect_err("it says no encoding");
        assert!(failure.message.contains("is not UTF-8; windows-1252?"), "{failure:?}");
    }

    #[test]
    fn files_that_are_no_text_are_told_as_such() {
        for (bytes, what) in [
            (&b"PK\x03\x04\x14\0\x06\0"[..], "spreadsheet"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "spreadsheet"),
            (b"\x1f\x8b\x08\0", "gzip"),
        ] {
            let failure = read(bytes, Some("utf-8")).expect_err("it is no text");
            assert!(failure.message.contains(what), "{failure:?}");
            let file = tempfile::NamedTempFile::new().expect("a temporary file");
            std::fs::write(file.path(), bytes).expect("it takes bytes");
            assert!(Text::of_lines(file.path()).is_err(), "nor JSON lines");
        }
    }

    #[test]
    fn bytes_of_no_encoding_break_their_line_alone() {
        let read = read(b"a,b\n1,\xd6\xd0\n2,\xff\xff\n3,c\n", Some("gbk")).expect("it is read");
        let lines: Vec<_> = read.split(|byte| *byte == b'\n').collect();
        let good: Vec<_> = lines.iter().map(|line| std::str::from_utf8(line).is_ok()).collect();
        assert_eq!(good, [true, true, false, true, true]);
    }
}
