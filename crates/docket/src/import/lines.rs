//! Files of JSON lines, read one line at a time. A line that is longer than an order may be is read to its end
//! and not kept.

use super::place::{Place, Produced, Unfit};
use super::text::Text;
use crate::failure::Failure;
use crate::said::{Said, said};
use docket_app::imports::LINE_BYTES_MAX;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Files of JSON lines; `-` is the standard input.
pub struct Lines {
    files: Vec<PathBuf>,
    /// The same as UTF-8; none for the standard input.
    texts: Vec<Option<Text>>,
    current: Option<Open>,
    next: usize,
    bytes: u64,
    done: u64,
}

struct Open {
    name: String,
    line: u64,
    reader: Box<dyn BufRead + Send>,
}

impl Lines {
    /// Files that can be opened.
    pub fn open(files: &[PathBuf]) -> Result<Self, Failure> {
        let mut bytes = 0;
        let mut texts = Vec::with_capacity(files.len());
        for file in files {
            if is_input(file) {
                texts.push(None);
                continue;
            }
            let text = Text::of_lines(file)?;
            let size = text.file().and_then(|file| file.metadata()).map(|file| file.len());
            bytes += size.map_err(|error| unreadable(file, &error))?;
            texts.push(Some(text));
        }
        Ok(Self { files: files.to_vec(), texts, current: None, next: 0, bytes, done: 0 })
    }

    /// The names of the files, in their order.
    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| name_of(file)).collect()
    }

    /// Bytes of all files.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line that is not blank; nothing at the end.
    pub fn next(&mut self) -> Result<Option<Produced>, Failure> {
        loop {
            let Some(open) = &mut self.current else {
                let Some(file) = self.files.get(self.next) else { return Ok(None) };
                self.current = Some(Open::file(file, self.texts[self.next].as_ref())?);
                self.next += 1;
                continue;
            };
            let name = &open.name;
            let line = read_line(&mut open.reader)
                .map_err(|error| Failure::new(cannot_read_on(name).because(&error)))?;
            let Some((read, line)) = line else {
                self.current = None;
                continue;
            };
            self.done += read;
            open.line += 1;
            let place = Place { file: name.clone(), line: open.line };
            let order = match line {
                None => {
                    let message =
                        said!("has more than {LINE_BYTES_MAX} bytes", "超过 {LINE_BYTES_MAX} 字节");
                    Err(Unfit::row(place.clone(), "too_long", message))
                }
                Some(mut line) => {
                    if open.line == 1 && line.starts_with(b"\xef\xbb\xbf") {
                        line.drain(..3);
                    }
                    if line.trim_ascii().is_empty() {
                        continue;
                    }
                    Ok(line)
                }
            };
            let (done, rows) = (self.done, vec![(self.next - 1, 1)]);
            let summed = Vec::new();
            return Ok(Some(Produced {
                place,
                order,
                key: None,
                status: None,
                rows,
                summed,
                done,
            }));
        }
    }
}

impl Open {
    fn file(path: &Path, text: Option<&Text>) -> Result<Self, Failure> {
        let name = name_of(path);
        let Some(text) = text else {
            return Ok(Self { name, line: 0, reader: Box::new(BufReader::new(std::io::stdin())) });
        };
        let file = text.file().map_err(|error| unreadable(path, &error))?;
        Ok(Self { name, line: 0, reader: Box::new(BufReader::with_capacity(256 * 1024, file)) })
    }
}

/// What people call a file.
pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// One line without its end, and how many bytes were read for it; no text where it is too long.
fn read_line(reader: &mut dyn BufRead) -> std::io::Result<Option<(u64, Option<Vec<u8>>)>> {
    let mut line = Vec::new();
    // One byte for the end of the line, one to see that there is more.
    let most = LINE_BYTES_MAX as u64 + 2;
    let mut read = (&mut *reader).take(most).read_until(b'\n', &mut line)? as u64;
    if read == 0 {
        return Ok(None);
    }
    let ended = line.last() == Some(&b'\n');
    if !ended && read == most {
        read += reader.skip_until(b'\n')? as u64;
        return Ok(Some((read, None)));
    }
    if ended {
        line.pop();
    }
    let fits = line.len() <= LINE_BYTES_MAX;
    Ok(Some((read, fits.then_some(line))))
}

fn is_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A file that cannot be opened.
pub fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    Failure::usage(said!("cannot read {path}", "无法读取 {path}").because(error))
        .next(said!("Check its name; nothing was taken.", "请检查文件名；尚未导入任何订单。"))
}

/// A file that broke off while it was read.
pub fn cannot_read_on(name: impl std::fmt::Display) -> Said {
    said!("cannot read on in {name}", "读取 {name} 时中断")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_too_long_ones_are_not_kept() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let longer = "y".repeat(3 * LINE_BYTES_MAX);
        let text = format!("\u{feff}{{}}\n\n{long}\n{longer}\r\n [1] \r\nlast");
        std::fs::write(file.path(), &text).expect("it takes bytes");
        let mut lines = Lines::open(&[file.path().to_owned()]).unwrap();
        let mut found = Vec::new();
        while let Some(produced) = lines.next().unwrap() {
            let order = produced.order.map(|line| String::from_utf8(line).unwrap());
            assert_eq!(produced.rows, [(0, 1)]);
            found.push((produced.place.line, order.map_err(|unfit| unfit.code.to_string())));
        }
        let too_long = || Err("too_long".to_owned());
        let wanted = [
            (1, Ok("{}".to_owned())),
            (3, too_long()),
            (4, too_long()),
            (5, Ok(" [1] \r".to_owned())),
            (6, Ok("last".to_owned())),
        ];
        assert_eq!(found, wanted);
        assert_eq!(lines.done, text.len() as u64);
    }
}
