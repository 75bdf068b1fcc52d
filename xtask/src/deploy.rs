//! `cargo xtask deploy`: what stands in `deploy/`, looked at by the linter of each kind of file. That it fits our own
//! binary is tried by `crates/docket/tests/deploy.rs`.

use std::env::temp_dir;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use docket_testkit::programs::find;

use crate::python::Environment;
use crate::step::{step, succeed};
use crate::{Failure, install, root};

/// The oldest Kubernetes that the manifests are for, and the newest that the linter knows.
const KUBERNETES: [&str; 2] = ["1.29", "1.37"];

/// Of what systemd counts as exposed, from 0 to 100.
const EXPOSURE: &str = "--threshold=15";

/// What yamllint is told: our lines are as long as those of our code.
const YAML: &str = "{extends: default, rules: {line-length: {max: 120}, document-start: disable}}";

/// Where the unit says that the binary stands.
const BINARY: &str = "/usr/local/bin/docket";

/// Runs every linter; all run, so that one run tells all that is wrong.
pub fn run() -> Result<(), Failure> {
    let tools = Environment::prepare("deploy")?;
    let systemd = systemd()?;
    let results = [
        step("hadolint", || {
            succeed(tools.program("hadolint").args([
                "--failure-threshold",
                "style",
                "deploy/Dockerfile",
            ]))
        }),
        step("yamllint", || {
            succeed(tools.program("yamllint").args(["--strict", "--config-data", YAML, "deploy"]))
        }),
        step("compose schema", || {
            let schema = ["--builtin-schema", "vendor.compose-spec"];
            succeed(tools.program("check-jsonschema").args(schema).arg("deploy/compose.yaml"))
        }),
        step("kubernetes-validate", || manifests(&tools)),
        step("systemd-analyze", || unit(&systemd)),
    ];
    results.into_iter().collect()
}

fn manifests(tools: &Environment) -> Result<(), Failure> {
    let found = files("deploy/kubernetes", "yaml")?;
    KUBERNETES.into_iter().try_for_each(|version| {
        let mut command = tools.program("kubernetes-validate");
        succeed(command.args(["--strict", "--quiet", "-k", version]).args(&found))
    })
}

/// Looks at each unit as it would be where it is installed: the program of this process stands in for the binary,
/// which need not be on this machine.
fn unit(systemd: &Path) -> Result<(), Failure> {
    let this = std::env::current_exe().map_err(|error| Failure::because(format!("{error}.")))?;
    let folder = temp_dir().join(format!("docket-unit-{}", std::process::id()));
    let looked = files("deploy/systemd", "service")?.into_iter().try_for_each(|path| {
        let cannot = |error| Failure::because(format!("{}: {error}.", path.display()));
        let text = fs::read_to_string(&path).map_err(cannot)?;
        let copy = folder.join(path.file_name().unwrap_or_default());
        fs::create_dir_all(&folder).map_err(cannot)?;
        fs::write(&copy, text.replace(BINARY, &this.to_string_lossy())).map_err(cannot)?;
        succeed(Command::new(systemd).arg("verify").arg(&copy))?;
        let mut security = Command::new(systemd);
        succeed(
            security
                .args(["security", "--offline=true", "--no-pager", EXPOSURE])
                .arg(&path)
                .stdout(std::process::Stdio::null()),
        )
    });
    let _ = fs::remove_dir_all(folder);
    looked
}

fn files(folder: &str, ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |error| Failure::because(format!("{folder} cannot be read: {error}."));
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).map_err(cannot)? {
        found.push(entry.map_err(cannot)?.path());
    }
    found.retain(|path| path.extension().is_some_and(|found| found == ending));
    found.sort();
    if found.is_empty() {
        return Err(Failure::because(format!("{folder} holds no {ending} file.")));
    }
    Ok(found)
}

/// `systemd-analyze`; installed where it is missing and that is possible.
fn systemd() -> Result<PathBuf, Failure> {
    if let Some(program) = find(&["systemd-analyze"]) {
        return Ok(program);
    }
    if install::is_possible() {
        install::packages(&["systemd"])?;
    }
    find(&["systemd-analyze"]).ok_or_else(|| {
        Failure::because("systemd-analyze not found: install it (Debian: apt-get install systemd).")
    })
}
