//! `cargo xtask client`: the document of the API as others read it. A validator looks at it, a generator that is not
//! ours makes a client of what a real `docket serve` answers, without a warning, and that client places, pays, ships,
//! receives and refunds an order.

use std::env::temp_dir;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use docket_testkit::ServeCommand;

use crate::python::{Environment, target};
use crate::step::{cargo, step, succeed};
use crate::{Failure, root};

/// The document that is checked in; a test holds that it is the one that is served.
const DOCUMENT: &str = "crates/http/openapi.json";

/// What the client does.
const SCRIPT: &str = "xtask/python/place_an_order.py";

/// The user whom the client logs in as.
const USER: &str = "mei";
const PASSWORD: &str = "correct horse battery";

/// Runs all of it.
pub fn run() -> Result<(), Failure> {
    let tools = Environment::prepare("client")?;
    step("openapi-spec-validator", || {
        succeed(tools.program("openapi-spec-validator").arg(DOCUMENT))
    })?;
    step("build docket", || succeed(&mut cargo(["build", "--locked", "--package", "docket"])))?;
    let folder = temp_dir().join(format!("docket-client-{}", std::process::id()));
    let done = talk(&tools, &target().join("debug/docket"), &folder);
    let _ = fs::remove_dir_all(folder);
    done
}

/// Starts a server in `folder`, makes a client of its document, and lets that place an order.
fn talk(tools: &Environment, docket: &Path, folder: &Path) -> Result<(), Failure> {
    let (data, client) = (folder.join("data"), folder.join("docket_client"));
    add_user(docket, &data, &folder.join("password"))?;
    let serve = ServeCommand::new(docket, &data).start();
    step("openapi-python-client", || {
        let mut generator = tools.program("openapi-python-client");
        generator.args(["generate", "--fail-on-warning", "--meta", "none", "--overwrite"]);
        generator.args(["--config", "xtask/python/client.yaml"]);
        generator.arg("--url").arg(serve.url("/api/openapi.json"));
        succeed(generator.arg("--output-path").arg(client))
    })?;
    step("the client places an order", || {
        let mut script = tools.program("python");
        script.env("PYTHONPATH", folder).env("PYTHONDONTWRITEBYTECODE", "1").arg(SCRIPT);
        succeed(script.args([serve.base_url(), USER, PASSWORD]))
    })
}

fn add_user(docket: &Path, data: &Path, password: &PathBuf) -> Result<(), Failure> {
    let cannot = |error| Failure::because(format!("{}: {error}.", password.display()));
    fs::create_dir_all(password.parent().unwrap_or(data)).map_err(cannot)?;
    fs::write(password, PASSWORD).map_err(cannot)?;
    let mut add = Command::new(docket);
    add.args(["user", "add", USER, "--role", "admin", "--password-file"]).arg(password);
    succeed(add.arg("--data").arg(data).current_dir(root()).stdout(std::process::Stdio::null()))
}
