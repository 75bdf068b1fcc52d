//! The files of the workspace as the rules see them: paths from its root, and texts. What is built or
//! hidden is left out.

use std::fs;
use std::io;
use std::path::Path;

/// Hidden folders that are ours all the same.
const OUR_HIDDEN: [&str; 3] = [".cargo", ".ci", ".github"];

/// One text file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// From the root, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl SourceFile {
    /// Lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.text)
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }
}

/// Lines of `text` with their numbers, from 1.
pub fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// All text files, sorted by path.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Sorted by path.
    pub files: Vec<SourceFile>,
}

impl Tree {
    /// Reads all text files below `root`.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut files = vec![];
        collect(root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// All Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// Whether a file or a folder stands at `path`.
    pub fn holds(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }

    /// The names of the folders directly in `crates/`.
    pub fn crates(&self) -> Vec<&str> {
        let in_crates = |file: &'_ SourceFile| file.path.starts_with("crates/");
        let mut names: Vec<&str> = self
            .files
            .iter()
            .filter(|f| in_crates(f))
            .filter_map(|f| f.path.split('/').nth(1))
            .collect();
        names.dedup();
        names
    }

    /// A tree for a test.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| SourceFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        Self { files: files.iter().map(file).collect() }
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let is_hidden = name.starts_with('.') && !OUR_HIDDEN.contains(&name.as_str());
            let is_built = name == "target" || name == "docket-data";
            if !is_hidden && !is_built {
                collect(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if kind.is_file()
            // A work tree beside the main one has a file of this name.
            && name != ".git"
            && let Ok(text) = String::from_utf8(fs::read(entry.path())?)
        {
            files.push(SourceFile { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_and_hidden_folders_are_left_out() {
        let folder = tempfile_folder();
        for path in ["src/lib.rs", "target/x.rs", ".git/config", ".ci/run"] {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        let tree = Tree::read(&folder).unwrap();
        let paths: Vec<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [".ci/run", "src/lib.rs"]);
        fs::remove_dir_all(folder).unwrap();
    }

    fn tempfile_folder() -> std::path::PathBuf {
        docket_testkit::keeper::server_folder("tidy").unwrap().keep()
    }

    #[test]
    fn crates_are_the_folders_in_crates() {
        let tree = Tree::of(&[("crates/a/x.rs", ""), ("crates/a/y.rs", ""), ("crates/b/x.rs", "")]);
        assert_eq!(tree.crates(), ["a", "b"]);
        assert!(tree.holds("crates/a") && tree.holds("crates/a/x.rs") && !tree.holds("crates/c"));
    }
}
