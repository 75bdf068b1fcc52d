//! What was given for each key, the later layer over the earlier one. Knows nothing of what the keys mean.

use super::shapes::Shape;
use super::{Origin, Set};
use crate::failure::Failure;
use crate::said::{Said, said};
use docket_domain::story::Language;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The section, the key, and for some keys names between them.
pub type KeyPath = Vec<String>;

/// One value as it was given.
#[derive(Debug, Clone)]
pub struct Given {
    /// Where it stands.
    pub path: KeyPath,
    /// As it was written; what a list has, with commas between.
    pub text: String,
    /// Whether it was written as a list.
    pub form: Form,
    /// Who wrote it.
    pub origin: Origin,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One text, number or truth.
    One,
    /// A list of them.
    List,
}

/// All that was given.
#[derive(Debug, Default)]
pub struct Layers(BTreeMap<KeyPath, Given>);

impl Layers {
    /// Puts a layer over those before. A secret given in a file of its own (`url_file`) and the same given
    /// at its place are one value: the later layer wins, and both in one layer are a mistake.
    pub fn add(&mut self, layer: Vec<Given>) -> Result<(), Failure> {
        let mut own: BTreeSet<KeyPath> = BTreeSet::new();
        for given in layer {
            let path = &given.path;
            if let Some(twin) = twin(path) {
                if own.contains(&twin) {
                    let (one, other) = (dotted(path), dotted(&twin));
                    let from = given.origin.said();
                    let (en, zh) = (from.to(Language::En), from.to(Language::Zh));
                    let both = Said::of(
                        format!("{one} and {other} are both set ({en})"),
                        format!("{one} 与 {other} 同时设置（{zh}）"),
                    );
                    return Err(Failure::new(both)
                        .next(said!("Leave one of them out.", "请去掉其中一个。")));
                }
                self.0.remove(&twin);
            }
            own.insert(path.clone());
            self.0.insert(path.clone(), given);
        }
        Ok(())
    }

    /// Takes the value of a key.
    pub fn take<T: Shape>(&mut self, path: &[&str], default: &str) -> Result<Set<T>, Failure> {
        let path: KeyPath = path.iter().map(|&part| part.to_owned()).collect();
        match self.0.remove(&path) {
            Some(given) if given.form == Form::List && T::FORM == Form::One => Err(a_list(&given)),
            Some(Given { text, origin, .. }) => read(&path, &text, origin),
            None => read(&path, default, Origin::Default),
        }
    }

    /// Takes a secret: at its place, or from the file that `…_file` names, relative to `folder`.
    pub fn take_secret<T: Shape>(
        &mut self,
        path: &[&str],
        default: &str,
        folder: &Path,
    ) -> Result<Set<T>, Failure> {
        let mut twin: KeyPath = path.iter().map(|&part| part.to_owned()).collect();
        if let Some(key) = twin.last_mut() {
            key.push_str("_file");
        }
        let Some(given) = self.0.remove(&twin) else { return self.take(path, default) };
        if given.form == Form::List {
            return Err(a_list(&given));
        }
        let Given { text: file, origin, .. } = given;
        let setting = dotted(&twin);
        let (en, zh) = (origin.said(), origin.said());
        let (en, zh) = (en.to(Language::En), zh.to(Language::Zh));
        let next = Said::of(
            format!("It is set by {en}; name a file that can be read."),
            format!("来源：{zh}；请指定可读的文件。"),
        );
        if file.is_empty() {
            let empty = said!("{setting} is empty", "{setting} 为空");
            return Err(Failure::new(empty).next(next));
        }
        let file = folder.join(PathBuf::from(file));
        let text = std::fs::read_to_string(&file).map_err(|error| {
            let file = file.display();
            Failure::new(said!("{setting} names {file}", "{setting} 指定了 {file}").because(&error))
                .next(next)
        })?;
        read(&twin, text.trim_end_matches(['\r', '\n']), origin)
    }

    /// Takes what stands under `section` with names between it and the key; none of that is a list.
    pub fn take_under(&mut self, section: &str) -> Result<Vec<Given>, Failure> {
        let of = |path: &KeyPath| path.first().is_some_and(|first| first == section);
        let taken: Vec<KeyPath> = self.0.keys().filter(|path| of(path)).cloned().collect();
        let given = taken.into_iter().filter_map(|path| self.0.remove(&path));
        let one = |given: Given| match given.form {
            Form::One => Ok(given),
            Form::List => Err(a_list(&given)),
        };
        given.map(one).collect()
    }

    /// What nobody took.
    pub fn left(&self) -> impl Iterator<Item = (&KeyPath, &Origin)> {
        self.0.iter().map(|(path, given)| (path, &given.origin))
    }
}

/// What is said of a list where one value is wanted.
fn a_list(Given { path, origin, .. }: &Given) -> Failure {
    let (setting, from) = (dotted(path), origin.said());
    Failure::new(Said::of(
        format!("{setting} ({}) is a list", from.to(Language::En)),
        format!("{setting}（{}）是列表", from.to(Language::Zh)),
    ))
    .next(said!(
        "This setting is one text, number, or true or false.",
        "此项设置应为单个文本、数字或 true/false。"
    ))
}

/// `url` of `url_file`, and the other way round.
fn twin(path: &[String]) -> Option<KeyPath> {
    let (key, before) = path.split_last()?;
    let other = match key.strip_suffix("_file") {
        Some(bare) => bare.to_owned(),
        None => format!("{key}_file"),
    };
    Some(before.iter().cloned().chain([other]).collect())
}

/// Reads a value or says what it should look like.
pub fn read<T: Shape>(path: &[String], text: &str, origin: Origin) -> Result<Set<T>, Failure> {
    let Some(value) = T::read(text) else {
        let (en, zh) = T::LOOKS;
        let looks = Said::of(format!("It must be {en}."), format!("应为{zh}。"));
        let mut failure = cannot_be_used(&dotted(path), &T::shown(text), &origin);
        if let Some(why) = T::wrong(text) {
            failure.message = failure.message.because(why);
        }
        return Err(failure.next(looks));
    };
    Ok(Set { value, text: T::shown(text), origin })
}

/// Why the value of a setting is none. One of the command line was typed wrongly.
pub fn cannot_be_used(setting: &str, shown: &str, origin: &Origin) -> Failure {
    let from = origin.said();
    let said = Said::of(
        format!("{setting} = \"{shown}\" ({}) cannot be used", from.to(Language::En)),
        format!("{setting} = \"{shown}\"（{}）不可用", from.to(Language::Zh)),
    );
    match origin {
        Origin::Flag(_) => Failure::usage(said),
        _ => Failure::new(said),
    }
}

/// A key as people write it: `deadlines.shop.11.pay_by`.
pub fn dotted(path: &[String]) -> String {
    path.join(".")
}
