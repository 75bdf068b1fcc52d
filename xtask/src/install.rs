//! Installs Debian's packages of the servers where they are missing, without leaving a service running.

use std::path::Path;
use std::process::Command;

use docket_testkit::programs::find;

use crate::Failure;
use crate::step::{step, succeed};

/// Debian starts a server when it installs it, unless policy-rc.d forbids it. One that is there already
/// is its owner's choice; ours is removed again, also after Ctrl-C.
const SCRIPT: &str = r"
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
fi
apt-get update
apt-get install -y --no-install-recommends $@
";

/// Whether [`packages`] can work here: a Debian (or its kin), as root.
pub fn is_possible() -> bool {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    is_root && Path::new("/etc/debian_version").exists() && find(&["apt-get"]).is_some()
}

/// Installs `packages`.
pub fn packages(packages: &[&str]) -> Result<(), Failure> {
    step(&format!("install {}", packages.join(" ")), || {
        succeed(Command::new("/bin/sh").args(["-c", SCRIPT, "install"]).args(packages)).map_err(
            |_| {
                let names = packages.join(" ");
                Failure::because(format!("`apt-get install {names}` failed; see above for why."))
            },
        )
    })
}
