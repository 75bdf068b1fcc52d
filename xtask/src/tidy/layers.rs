//! Which crate may use which. Our own edges and the pure crates are tables here; the crates of others that
//! only some of ours may use are the `wrappers` of deny.toml, held against Cargo.lock.

use toml::{Table, Value};

use super::Problem;
use super::tree::{SourceFile, Tree};

/// Arrows point downwards: each of our packages, and those of ours that it may use outside its tests.
const LAYERS: [(&str, &[&str]); 12] = [
    ("docket-domain", &[]),
    ("docket-connectors", &["docket-domain"]),
    ("docket-wire", &["docket-domain"]),
    ("docket-store", &["docket-domain"]),
    ("docket-tasks", &["docket-domain", "docket-store"]),
    (
        "docket-app",
        &["docket-connectors", "docket-domain", "docket-store", "docket-tasks", "docket-wire"],
    ),
    ("docket-http", &["docket-app", "docket-domain", "docket-wire"]),
    // A stand-in of the outside knows nothing of us: it would agree with our mistakes.
    ("docket-sandbox", &[]),
    (
        "docket",
        &[
            "docket-app",
            "docket-connectors",
            "docket-domain",
            "docket-http",
            "docket-sandbox",
            "docket-store",
            "docket-tasks",
            "docket-wire",
        ],
    ),
    ("docket-testkit", &[]),
    // What somebody else would write: it knows nothing of us.
    ("ledger-receiver", &[]),
    ("xtask", &["docket-testkit"]),
];

/// Packages of functions of their arguments, and what would give them a clock, chance, a socket or a
/// database.
const PURE: [&str; 3] = ["docket-connectors", "docket-domain", "docket-wire"];
const IMPURE: [&str; 14] = [
    "axum",
    "fastrand",
    "getrandom",
    "hyper",
    "hyper-util",
    "mysql_async",
    "rand",
    "reqwest",
    "rusqlite",
    "rustix",
    "sqlx",
    "tempfile",
    "tokio",
    "tracing",
];

/// Folders with a clippy.toml of their own, which replaces the strict one at the root.
const CLIPPY_EDGES: [&str; 6] =
    ["", "crates/docket/", "crates/http/", "crates/store/", "crates/testkit/", "xtask/"];

/// Every package of ours uses only what its layer may.
pub fn layers(tree: &Tree) -> Vec<Problem> {
    let mut problems = vec![];
    for (file, manifest) in manifests(tree) {
        let Some(name) = package_name(&manifest) else { continue };
        let Some((_, allowed)) = LAYERS.iter().find(|(package, _)| *package == name) else {
            let message = format!("{name} has no place in the table of layers");
            problems.push(Problem::in_file(&file.path, message));
            continue;
        };
        for used in dependencies(&manifest, &["dependencies", "build-dependencies"]) {
            let is_ours = LAYERS.iter().any(|(package, _)| *package == used);
            if is_ours && !allowed.contains(&used.as_str()) {
                let message = format!("{name} must not use {used}");
                problems.push(Problem::in_file(&file.path, message));
            }
        }
    }
    problems
}

/// The pure packages cannot reach a clock, chance, a socket or a database, in their tests neither.
pub fn pure_crates(tree: &Tree) -> Vec<Problem> {
    let mut problems = vec![];
    for (file, manifest) in manifests(tree) {
        let Some(name) = package_name(&manifest).filter(|name| PURE.contains(&name.as_str()))
        else {
            continue;
        };
        let tables = ["dependencies", "build-dependencies", "dev-dependencies"];
        for used in dependencies(&manifest, &tables) {
            if IMPURE.contains(&used.as_str()) {
                let message = format!("{name} is pure and must not use {used}");
                problems.push(Problem::in_file(&file.path, message));
            }
        }
    }
    problems
}

/// No package but its `wrappers` depends on a crate that deny.toml denies.
pub fn wrappers(tree: &Tree) -> Vec<Problem> {
    let (Some(deny), Some(lock)) = (tree.file("deny.toml"), tree.file("Cargo.lock")) else {
        return vec![];
    };
    let (deny, lock) = match (deny.text.parse::<Table>(), lock.text.parse::<Table>()) {
        (Ok(deny), Ok(lock)) => (deny, lock),
        (Err(error), _) => return vec![Problem::in_file("deny.toml", error.to_string())],
        (_, Err(error)) => return vec![Problem::in_file("Cargo.lock", error.to_string())],
    };
    let bans = deny.get("bans").and_then(|bans| bans.get("deny"));
    let packages = list(lock.get("package"));
    let mut problems = vec![];
    for ban in list(bans) {
        let Some(denied) = ban.get("crate").and_then(Value::as_str) else { continue };
        let wrappers = strings(ban.get("wrappers"));
        for package in packages {
            let Some(name) = package.get("name").and_then(Value::as_str) else { continue };
            if name == denied && wrappers.is_empty() {
                problems.push(Problem::in_file("Cargo.lock", format!("{denied} is denied")));
            }
            // An entry is a name, followed by a version where two of them are about.
            let uses = strings(package.get("dependencies"))
                .iter()
                .any(|used| used.split(' ').next() == Some(denied));
            if uses && !wrappers.is_empty() && !wrappers.contains(&name) {
                let message = format!("{name} must not use {denied}; only {}", wrappers.join(", "));
                problems.push(Problem::in_file("Cargo.lock", message));
            }
        }
    }
    problems
}

/// No crate leaves clippy's strict list by a file of its own.
pub fn clippy_edges(tree: &Tree) -> Vec<Problem> {
    let is_stray = |file: &&SourceFile| {
        let folder = file.path.strip_suffix("clippy.toml");
        folder.is_some_and(|folder| !CLIPPY_EDGES.contains(&folder.trim_end_matches('.')))
    };
    let stray = tree.files.iter().filter(is_stray);
    stray
        .map(|file| Problem::in_file(&file.path, "this crate is not at the edge: the root's holds"))
        .collect()
}

fn manifests(tree: &Tree) -> impl Iterator<Item = (&SourceFile, Table)> {
    let is_manifest = |file: &&SourceFile| file.path.ends_with("/Cargo.toml");
    // Cargo itself complains of one that cannot be read.
    tree.files.iter().filter(is_manifest).filter_map(|file| Some((file, file.text.parse().ok()?)))
}

fn package_name(manifest: &Table) -> Option<String> {
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// The names in the `tables` of dependencies, those for one target included.
fn dependencies(manifest: &Table, tables: &[&str]) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let mut names = vec![];
    for table in std::iter::once(manifest).chain(targets) {
        for kind in tables {
            let entries = table.get(*kind).and_then(Value::as_table).into_iter().flatten();
            names.extend(entries.map(|(name, entry)| {
                // `foo = { package = "bar" }` uses bar.
                entry.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()
            }));
        }
    }
    names
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn strings(value: Option<&Value>) -> Vec<&str> {
    list(value).iter().filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &str) -> Tree {
        let manifest = format!("[package]\nname = \"{name}\"\n{dependencies}");
        Tree::of(&[("crates/x/Cargo.toml", &manifest)])
    }

    fn messages(problems: &[Problem]) -> Vec<&str> {
        problems.iter().map(|problem| problem.message.as_str()).collect()
    }

    #[test]
    fn a_lower_layer_does_not_use_a_higher_one() {
        let upwards = package("docket-store", "[dependencies]\ndocket-app.workspace = true\n");
        assert_eq!(messages(&layers(&upwards)), ["docket-store must not use docket-app"]);
        let downwards = package("docket-app", "[dependencies]\ndocket-store.workspace = true\n");
        assert_eq!(layers(&downwards), []);
        let in_tests =
            package("docket-http", "[dev-dependencies]\ndocket-store.workspace = true\n");
        assert_eq!(layers(&in_tests), []);
    }

    #[test]
    fn a_new_crate_must_be_given_its_place() {
        let problems = layers(&package("docket-new", ""));
        assert_eq!(messages(&problems), ["docket-new has no place in the table of layers"]);
    }

    #[test]
    fn a_pure_crate_stays_pure_by_whatever_name_and_target() {
        for table in [
            "[dependencies]\ntokio.workspace = true\n",
            "[dev-dependencies]\ntime = { package = \"tokio\", version = \"1\" }\n",
            "[target.'cfg(unix)'.dependencies]\ntokio = \"1\"\n",
        ] {
            let problems = pure_crates(&package("docket-wire", table));
            assert_eq!(
                messages(&problems),
                ["docket-wire is pure and must not use tokio"],
                "{table}"
            );
            assert_eq!(pure_crates(&package("docket-app", table)), []);
        }
    }

    #[test]
    fn a_denied_crate_is_used_by_its_wrappers_only() {
        let deny = "[bans]\ndeny = [{ crate = \"sqlx\", wrappers = [\"docket-store\"] }, { crate = \"openssl\" }]\n";
        let lock = |user: &str, used: &str| {
            format!("[[package]]\nname = \"{user}\"\ndependencies = [\"{used}\"]\n")
        };
        let check = |lock: &str| {
            let problems = wrappers(&Tree::of(&[("deny.toml", deny), ("Cargo.lock", lock)]));
            problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        assert_eq!(check(&lock("docket-store", "sqlx")), [""; 0]);
        assert_eq!(check(&lock("sqlx-mysql", "sqlx-core")), [""; 0]);
        assert_eq!(
            check(&lock("docket-http", "sqlx 0.9.0")),
            ["docket-http must not use sqlx; only docket-store"]
        );
        assert_eq!(check(&lock("openssl", "cc")), ["openssl is denied"]);
    }

    #[test]
    fn only_the_edge_has_a_clippy_file_of_its_own() {
        let tree = Tree::of(&[
            ("clippy.toml", ""),
            ("crates/docket/clippy.toml", ""),
            ("crates/domain/clippy.toml", ""),
            ("crates/wire/.clippy.toml", ""),
        ]);
        let paths: Vec<String> =
            clippy_edges(&tree).into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["crates/domain/clippy.toml", "crates/wire/.clippy.toml"]);
    }
}
