//! Two at one moment: first starts and migrations, on one folder and on one database, and the files they make.

#[allow(dead_code)] // shared with the tests of reconcile, which change facts
mod behind;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use behind::Behind;
use docket_testkit::{Database, ServeCommand, TestDatabase};
use run::{DOCKET, Ran, command, docket};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A command that makes a center where there is none.
const FIRST: [&str; 5] = ["key", "add", "k", "--scopes", "orders.read"];

/// Starts a command without waiting for it.
fn begun(database: Option<&TestDatabase>, data: &Path, words: &[&str]) -> Child {
    let mut command = command(data, words);
    if let Some(database) = database {
        command.env("DOCKET_DATABASE__URL", database.url());
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the binary that cargo built can be run")
}

fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// Runs the same command several times at one moment.
fn together(database: Option<&TestDatabase>, folders: &[&Path], words: &[&str]) -> Vec<Ran> {
    let begun: Vec<_> = folders.iter().map(|data| begun(database, data, words)).collect();
    begun.into_iter().map(ended).collect()
}

#[test]
fn migrations_at_one_moment_all_succeed() {
    for _ in 0..3 {
        let data = tempfile::tempdir().expect("a folder");
        let database = Database::Mariadb.fresh();
        for database in [None, Some(&database)] {
            for ran in together(database, &[data.path(); 4], &["migrate", "--json"]) {
                ran.fine();
            }
        }
    }
}

#[test]
fn first_starts_of_one_folder_at_one_moment_make_one_key() {
    for kind in Database::ALL {
        let (data, database) = (tempfile::tempdir().expect("a folder"), kind.fresh());
        for ran in together(Some(&database), &[data.path(); 4], &FIRST) {
            ran.fine();
        }
        let behind = Behind::of(&database);
        let recorded = "select count(*) from setting where name like 'key.seal.%'";
        assert_eq!(behind.one(recorded), "1", "{kind}");
        let left = fs::read_dir(data.path()).expect("a folder");
        let names: Vec<_> = left.map(|entry| entry.expect("a file").file_name()).collect();
        let of_keys = names.iter().filter(|name| name.to_string_lossy().starts_with("docket.keys"));
        assert_eq!(of_keys.count(), 1, "{names:?}");
    }
}

#[test]
fn first_starts_of_several_folders_at_one_moment_make_one_key_and_refuse_the_others() {
    let database = Database::Mariadb.fresh();
    let folders: Vec<_> = (0..4).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let paths: Vec<_> = folders.iter().map(tempfile::TempDir::path).collect();
    let ran = together(Some(&database), &paths, &FIRST);
    let (fine, refused): (Vec<_>, Vec<_>) = ran.iter().partition(|ran| ran.code == Some(0));
    assert_eq!((fine.len(), refused.len()), (1, 3), "{ran:?}");
    for ran in refused {
        assert!(ran.stderr.contains("share the keys"), "{ran:?}");
    }
    let with_keys = paths.iter().filter(|path| path.join("docket.keys").exists());
    assert_eq!(with_keys.count(), 1);
    let behind = Behind::of(&database);
    assert_eq!(behind.one("select count(*) from setting where name like 'key.%'"), "2");
}

#[test]
fn keys_that_were_recorded_before_their_process_died_are_found_at_the_next_start() {
    let data = tempfile::tempdir().expect("a folder");
    docket(data.path(), &FIRST).fine();
    let (kept, new) = (data.path().join("docket.keys"), data.path().join("docket.keys.new"));
    fs::rename(&kept, &new).expect("as a kill leaves it");
    docket(data.path(), &["key", "list"]).fine();
    assert!(kept.exists() && !new.exists());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn what_is_made_is_for_its_owner_alone() {
    let above = tempfile::tempdir().expect("a folder");
    let data = above.path().join("of").join("docket");
    let mut init = Command::new(DOCKET);
    run::run(init.arg("init").arg("--data").arg(&data).current_dir(above.path())).fine();
    assert_eq!((mode(&data), mode(&above.path().join("of"))), (0o700, 0o700));
    let mut serve = ServeCommand::new(DOCKET, &data).start();
    docket(&data, &["key", "add", "k", "--scopes", "orders.read"]).fine();
    docket(&data, &["backup", "of-today"]).fine();
    let mut seen = 0;
    for entry in fs::read_dir(&data).expect("a folder") {
        let entry = entry.expect("a file");
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert!(seen >= 7, "config, database with log and index, lock, keys, server, backup: {seen}");
    assert!(serve.terminate().success());
    let other = tempfile::tempdir().expect("a folder");
    let backup = data.join("of-today");
    fs::set_permissions(&backup, fs::Permissions::from_mode(0o644)).expect("ours");
    docket(other.path(), &["restore", backup.to_str().expect("a plain path")]).fine();
    assert_eq!(mode(&other.path().join("docket.db")), 0o600);
    fs::set_permissions(data.join("docket.db"), fs::Permissions::from_mode(0o644)).expect("ours");
    let checked = docket(&data, &["check"]).fine();
    assert!(checked.contains("! permissions: others can read "), "{checked}");
}
