//! Keys are made, kept, rotated, adopted and refused.

use super::*;
use docket_store::KeyUse;
use docket_wire::{Contact, Person};
use std::os::unix::fs::PermissionsExt;

fn somebody() -> Person {
    let buyer =
        Contact { name: Some("王小明".to_owned()), phone: Some("13800001111".to_owned()) };
    Person { buyer, ship_to: Vec::new() }
}

fn source(folder: &tempfile::TempDir) -> (KeySource, PathBuf) {
    let path = folder.path().join("docket.keys");
    (KeySource::File(path.clone()), path)
}

fn made(source: &KeySource) -> Vault {
    let vault = source.make_new(0).unwrap();
    source.keep_new().unwrap();
    vault
}

#[test]
fn what_was_sealed_before_a_rotation_is_opened_after_it_and_still_found() {
    let folder = tempfile::tempdir().unwrap();
    let (source, path) = source(&folder);
    let before = made(&source);
    let old = before.seal(&somebody());
    let rotated = source.rotate(0).unwrap();
    assert_eq!((rotated.id, rotated.text), (2, None));
    let after = source.read().unwrap().unwrap();
    assert_eq!(after.open_sealed(&old).unwrap(), somebody());
    let new = after.seal(&somebody());
    assert_eq!((old.key_id, new.key_id), (1, 2));
    assert_eq!(before.asked("13800001111"), after.asked("13800001111"));
    assert!(before.open_sealed(&new).is_err(), "an older process does not have the new key");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn keys_made_twice_at_one_moment_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (source, _) = source(&folder);
    let [one, other] = [source.make_new(0).unwrap(), source.make_new(0).unwrap()];
    assert_eq!(one.keys(), other.keys());
    source.keep_new().unwrap();
    source.keep_new().unwrap();
    assert_eq!(source.read().unwrap().unwrap().keys(), one.keys());
}

#[test]
fn keys_that_are_given_are_rotated_as_a_text_to_give() {
    let source = KeySource::Text(fresh_keys(), "privacy.keys".to_owned());
    let rotated = source.rotate(4).unwrap();
    assert_eq!(rotated.id, 5, "no number that the database knows");
    let next = KeySource::Text(rotated.text.unwrap(), String::new()).read().unwrap().unwrap();
    let before = source.read().unwrap().unwrap();
    let sealed = before.seal(&somebody());
    assert_eq!(next.open_sealed(&sealed).unwrap(), somebody());
    assert_eq!(next.seal(&somebody()).key_id, 5);
}

#[test]
fn keys_of_another_file_open_and_do_not_seal() {
    let [here, there] = [(), ()].map(|()| tempfile::tempdir().unwrap());
    let ((ours, _), (theirs, _)) = (source(&here), source(&there));
    made(&ours);
    let sealed = made(&theirs).seal(&somebody());
    let (taken, _) = ours.adopt(&theirs, &[]).unwrap();
    assert_eq!(taken, [2]);
    let both = ours.read().unwrap().unwrap();
    assert_eq!(both.open_sealed(&sealed).unwrap(), somebody());
    assert_eq!(both.seal(&somebody()).key_id, 1);
    assert_eq!(ours.adopt(&theirs, &[]).unwrap().0, [] as [u32; 0], "they are here already");
    let uses: Vec<_> = both.keys().iter().map(|key| key.used).collect();
    assert_eq!(uses, [KeyUse::Seal(2), KeyUse::Seal(1), KeyUse::Search]);
}

#[test]
fn a_key_that_was_given_up_gets_its_number_back_and_a_lost_file_its_place() {
    let [here, there] = [(), ()].map(|()| tempfile::tempdir().unwrap());
    let ((ours, _), (found, _)) = (source(&here), source(&there));
    let before = made(&found);
    found.rotate(0).unwrap();
    let mut recorded = found.read().unwrap().unwrap().keys();
    // Nobody made another file since: the one that was found is the key file again.
    let (taken, _) = ours.adopt(&found, &recorded).unwrap();
    assert_eq!(taken, [1, 2]);
    let again = ours.read().unwrap().unwrap();
    assert_eq!(again.keys(), recorded);
    assert_eq!(again.seal(&somebody()).key_id, 2);
    // A newer one was made since.
    std::fs::remove_file(here.path().join("docket.keys")).unwrap();
    for key in &mut recorded {
        key.lost = true;
    }
    ours.make_new(2).unwrap();
    ours.keep_new().unwrap();
    recorded.extend(ours.read().unwrap().unwrap().keys());
    let (taken, _) = ours.adopt(&found, &recorded).unwrap();
    assert_eq!(taken, [1, 2]);
    let both = ours.read().unwrap().unwrap();
    assert_eq!(both.open_sealed(&before.seal(&somebody())).unwrap(), somebody());
    assert_eq!(both.seal(&somebody()).key_id, 3);
    // One that lacks what is used now does not take its place.
    std::fs::remove_file(here.path().join("docket.keys")).unwrap();
    assert!(matches!(ours.adopt(&found, &recorded), Err(KeysError::Lacking { .. })));
    assert!(ours.read().unwrap().is_none());
}

#[test]
fn whoever_makes_keys_late_gets_those_that_have_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let (source, path) = source(&folder);
    let first = source.make_new(0).unwrap().keys();
    source.keep_new().unwrap();
    assert_eq!(source.make_new(0).unwrap().keys(), first, "others saw none before and are late");
    // As it stands where one is late and another is about to give keys their place.
    write(&beside(&path, NEW), &KeyFile::fresh(1)).unwrap();
    assert_eq!(source.read_late().unwrap().unwrap().keys(), first);
    source.keep_new().unwrap();
    assert_eq!(source.read().unwrap().unwrap().keys(), first);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left of others");
}

#[test]
fn a_damaged_key_file_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (source, path) = source(&folder);
    for text in
        ["", "{}", r#"{"seal":[],"search":""}"#, r#"{"seal":[{"id":1,"key":"x"}],"search":"y"}"#]
    {
        std::fs::write(&path, text).unwrap();
        assert!(matches!(source.read(), Err(VaultError::Malformed { .. })), "{text}");
        assert!(source.rotate(0).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}
