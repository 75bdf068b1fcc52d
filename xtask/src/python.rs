//! Tools of others that are written in Python or come as Python packages: each purpose has an environment of its
//! own, made from a list of pinned versions and kept below the target folder until the list changes.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use docket_testkit::programs::find;

use crate::step::{step, succeed};
use crate::{Failure, install, root};

/// Debian's packages of Python, where it or its `venv` is missing.
const PACKAGES: [&str; 2] = ["python3", "python3-venv"];

/// What an environment holds when it is whole: the list that it was made from and the Python that made it.
const STAMP: &str = "made-from.txt";

/// A folder with the programs of one list, ready to be run.
#[derive(Debug)]
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The environment of `xtask/python/requirements-PURPOSE.txt`: made if it is not there or was made from
    /// another list. Whoever makes the same one at the same moment waits.
    ///
    /// Fails where there is no Python with `venv` and none can be installed, and where a package is not to be had.
    pub fn prepare(purpose: &str) -> Result<Self, Failure> {
        let list = root().join(list_of(purpose));
        let wanted = fs::read_to_string(&list).map_err(|error| {
            Failure::because(format!("{} cannot be read: {error}.", list.display()))
        })?;
        let python = python()?;
        let folder = target().join("python").join(purpose);
        let _lock = lock(&folder.with_extension("lock"))?;

        let stamp = stamp(&version(&python)?, &wanted);
        if is_made_from(&folder, &stamp) {
            return Ok(Self { folder });
        }
        step(&format!("Python environment for {purpose}"), || make(&folder, &python, &list))?;
        fs::write(folder.join(STAMP), stamp).map_err(|error| no_folder(&folder, &error))?;
        Ok(Self { folder })
    }

    /// The program `name` of this environment.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(name));
        command.current_dir(root());
        command
    }
}

/// Where the list of `purpose` stands, from the root.
fn list_of(purpose: &str) -> String {
    format!("xtask/python/requirements-{purpose}.txt")
}

/// A Python that can make environments; installed where it is missing and that is possible.
fn python() -> Result<PathBuf, Failure> {
    if let Some(python) = usable() {
        return Ok(python);
    }
    if install::is_possible() {
        install::packages(&PACKAGES)?;
    }
    usable().ok_or_else(|| {
        Failure::because(format!(
            "No Python 3 with venv and pip found: install it (Debian: apt-get install {}).",
            PACKAGES.join(" ")
        ))
    })
}

/// The first Python on the path that has what an environment is made with (Debian's has it in another package).
fn usable() -> Option<PathBuf> {
    let candidates = [find(&["python3"]), Some(PathBuf::from("/usr/bin/python3"))];
    candidates.into_iter().flatten().find(|python| {
        let probe = Command::new(python).args(["-c", "import venv, ensurepip"]).output();
        probe.is_ok_and(|output| output.status.success())
    })
}

fn version(python: &Path) -> Result<String, Failure> {
    let output = Command::new(python).arg("--version").output();
    let output = output.map_err(|error| {
        Failure::because(format!("`{} --version` does not start: {error}.", python.display()))
    })?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Makes `folder` anew: what a broken attempt or an older list left there is gone.
fn make(folder: &Path, python: &Path, list: &Path) -> Result<(), Failure> {
    succeed(Command::new(python).args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin").join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(list);
    succeed(&mut pip).map_err(|_| {
        let list = list.strip_prefix(root()).unwrap_or(list).display();
        Failure::because(format!(
            "The packages of {list} cannot be installed with pip, which said why above."
        ))
    })
}

fn stamp(version: &str, list: &str) -> String {
    format!("# {version}\n{list}")
}

fn is_made_from(folder: &Path, stamp: &str) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|made_from| made_from == stamp)
}

/// Held until it is dropped, or this process ends.
fn lock(path: &Path) -> Result<File, Failure> {
    let parent = path.parent().expect("a lock stands in a folder");
    let locked = fs::create_dir_all(parent).and_then(|()| File::create(path)).and_then(|file| {
        file.lock()?;
        Ok(file)
    });
    locked.map_err(|error| no_folder(parent, &error))
}

fn no_folder(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::because(format!("{} cannot be written: {error}.", folder.display()))
}

/// Cargo's folder for what is built.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |folder| root().join(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_of_every_list_is_pinned() {
        let folder = root().join("xtask/python");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let lists = files.filter(|file| file.extension().is_some_and(|ending| ending == "txt"));
        let mut seen = 0;
        for list in lists {
            let text = fs::read_to_string(&list).unwrap();
            for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
                seen += 1;
                let pinned = line.split_once("==").is_some_and(|(name, version)| {
                    let is_word = |word: &str| {
                        word.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
                    };
                    !name.is_empty()
                        && is_word(name)
                        && version.starts_with(|c: char| c.is_ascii_digit())
                        && is_word(version)
                });
                assert!(pinned, "{}: {line}", list.display());
            }
        }
        assert!(seen > 0, "no list was found");
    }

    #[test]
    fn an_environment_of_another_list_or_python_or_of_none_is_made_anew() {
        let folder = env::temp_dir().join(format!("docket-python-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let now = stamp("Python 3.11.2", "yamllint==1.38.0\n");
        let before = is_made_from(&folder, &now);
        fs::write(folder.join(STAMP), &now).unwrap();
        let after = is_made_from(&folder, &now);
        let newer = is_made_from(&folder, &stamp("Python 3.11.2", "yamllint==1.39.0\n"));
        let other = is_made_from(&folder, &stamp("Python 3.13.1", "yamllint==1.38.0\n"));
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!((before, after, newer, other), (false, true, false, false));
    }
}
