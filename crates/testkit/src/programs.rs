//! Where programs of this machine stand: on `PATH`, and in the folders for servers that a plain user's
//! `PATH` leaves out.

use std::env;
use std::path::{Path, PathBuf};

/// Debian keeps servers here; Homebrew and MariaDB's own packages there.
const SERVER_FOLDERS: [&str; 5] =
    ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin", "/opt/homebrew/bin"];

/// The first of `names` that can be run, or `None`.
pub fn find(names: &[&str]) -> Option<PathBuf> {
    find_in(&search_path(), names)
}

/// The first of `names` that stands in one of `folders` as a file that can be run.
pub fn find_in(folders: &[PathBuf], names: &[&str]) -> Option<PathBuf> {
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| is_program(path))
}

fn search_path() -> Vec<PathBuf> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&on_path).chain(SERVER_FOLDERS.map(PathBuf::from)).collect()
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_program_is_found_by_its_first_name_that_can_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        assert_eq!(find_in(&folders, &["new-name", "old-name"]), None);

        fs::write(folder.path().join("new-name"), "text").unwrap();
        let program = folder.path().join("old-name");
        fs::write(&program, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find_in(&folders, &["new-name", "old-name"]), Some(program));
    }
}
