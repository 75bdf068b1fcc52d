//! That `deploy/` fits the binary: its settings are settings, its commands are commands, its probes are answered, its
//! numbers agree; and each way to run several processes is played with real ones, under its own environment.

#[allow(dead_code)] // shared with the tests of faults, which change orders
mod client;
mod described;
#[allow(dead_code)] // shared with the tests of commands, which need more of it
mod run;

use client::Client;
use described::{Image, documents, files, image, manifest, pairs, seconds, text, unit, words};
use docket_testkit::{Database, RedisServer, Serve, ServeCommand, TestDatabase, eventually};
use run::{DOCKET, Ran, command};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const DEPLOYMENT: &str = "deploy/kubernetes/docket.yaml";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn compose() -> Value {
    documents("deploy/compose.yaml").pop().expect("a document")
}

fn deployment() -> Value {
    manifest(DEPLOYMENT, "Deployment")["spec"]["template"]["spec"].clone()
}

fn migration() -> Value {
    manifest("deploy/kubernetes/migrate.yaml", "Job")["spec"]["template"]["spec"].clone()
}

fn config_map() -> BTreeMap<String, String> {
    pairs(&manifest("deploy/kubernetes/config.yaml", "ConfigMap")["data"])
}

/// Whether `name` is a setting: what is said of its value does not count.
fn is_setting(name: &str, data: &Path) -> bool {
    let ran = run::run(command(data, &["check"]).env(name, "?"));
    !["there is no setting", "is not used in this release"]
        .iter()
        .any(|refusal| ran.stderr.contains(refusal))
}

#[test]
fn every_setting_that_is_named_is_one() {
    let data = folder();
    assert!(!is_setting("DOCKET_SERVER__LISTN", data.path()), "a name that is none is seen");
    let mut seen = 0;
    let pages =
        ["README.md", "README.zh.md", "docs/operations.md", "SECURITY.md"].map(ToOwned::to_owned);
    for path in files().into_iter().chain(pages) {
        let named = described::variables(&text(&path));
        // What stands for any setting is none.
        for name in
            named.iter().filter(|name| name.contains("__") && *name != "DOCKET_SECTION__KEY")
        {
            assert!(is_setting(name, data.path()), "{path} names {name}, which is no setting");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} names were found");
}

/// Runs words of ours that a file names, with `--help` at their end: they are read, and nothing is done.
fn are_read(words: &[String], place: &str) {
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
    let ran = run::run(std::process::Command::new(DOCKET).args(&words));
    assert_eq!(ran.code, Some(0), "{place}: {words:?}: {ran:?}");
}

#[test]
fn every_command_line_is_read() {
    let Image { entrypoint, command, health, .. } = image();
    let (program, before) = entrypoint.split_first().expect("a program");
    assert_eq!(health.first(), Some(program));
    let with = |words: &[String]| [before, words].concat();
    are_read(&with(&command), "the image");
    are_read(&health[1..], "its health check");
    let compose = compose();
    for service in ["docket", "migrate"] {
        are_read(&with(&words(&compose["services"][service]["command"])), service);
    }
    for pod in [deployment(), migration()] {
        are_read(&with(&words(&pod["containers"][0]["args"])), "a manifest");
    }
    let start = unit("ExecStart").pop().expect("a command");
    let mut start = start.split(' ').map(ToOwned::to_owned);
    assert_eq!(start.next().as_ref(), Some(program), "the binary stands at one place");
    are_read(&start.collect::<Vec<_>>(), "the unit");
}

#[test]
fn ports_people_folders_images_and_secrets_agree() {
    let (image, compose) = (image(), compose());
    let (user, group) = image.user.split_once(':').expect("UID:GID");
    assert!(user != "0" && group != "0");
    let port = image.port;
    assert_eq!(image.environment["DOCKET_SERVER__LISTEN"], format!("0.0.0.0:{port}"));
    let docket = &compose["services"]["docket"];
    let published = words(&docket["ports"]).pop().expect("a port");
    assert!(published.starts_with("127.0.0.1:") && published.ends_with(&format!(":{port}")));
    assert_eq!(docket["deploy"]["replicas"], 2);
    let container = &deployment()["containers"][0];
    assert_eq!(container["ports"][0]["containerPort"], port);
    let service = manifest(DEPLOYMENT, "Service");
    assert_eq!(service["spec"]["ports"][0]["targetPort"], container["ports"][0]["name"]);
    let labels = &manifest(DEPLOYMENT, "Deployment")["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&service["spec"]["selector"], labels);
    let budget = manifest(DEPLOYMENT, "PodDisruptionBudget");
    assert_eq!(&budget["spec"]["selector"]["matchLabels"], labels);

    let name = format!("docket:{}", env!("CARGO_PKG_VERSION"));
    for service in ["docket", "migrate"] {
        let service = &compose["services"][service];
        assert_eq!(service["image"], name.as_str());
        assert_eq!(service["user"], image.user.as_str());
        assert_eq!((&service["read_only"], &service["cap_drop"]), (&json!(true), &json!(["ALL"])));
        secrets_are_there(&pairs(&service["environment"]), |file| {
            let names = words(&service["secrets"]);
            names.iter().any(|name| {
                file == format!("/run/secrets/{name}")
                    && compose["secrets"][name]["file"].is_string()
            })
        });
    }
    let secret = manifest("deploy/kubernetes/secret.example.yaml", "Secret");
    for pod in [deployment(), migration()] {
        let container = &pod["containers"][0];
        assert_eq!(container["image"], name.as_str());
        let who = &pod["securityContext"];
        assert_eq!(format!("{}:{}", who["runAsUser"], who["runAsGroup"]), image.user);
        let limits = &container["securityContext"];
        assert_eq!(
            (&limits["readOnlyRootFilesystem"], &limits["allowPrivilegeEscalation"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(limits["capabilities"]["drop"], json!(["ALL"]));
        let mounts = container["volumeMounts"].as_array().expect("mounts");
        let mounted = |volume: &str| {
            let mount = mounts.iter().find(|mount| mount["name"] == volume).expect("a mount");
            mount["mountPath"].as_str().expect("a path").to_owned()
        };
        assert!(image.entrypoint.contains(&mounted("data")), "it writes where it may");
        secrets_are_there(&config_map(), |file| {
            let (folder, key) = file.rsplit_once('/').expect("a path");
            folder == mounted("secrets") && secret["stringData"][key].is_string()
        });
    }
}

/// Every `…_FILE` names a file that is put there.
fn secrets_are_there(environment: &BTreeMap<String, String>, is_there: impl Fn(&str) -> bool) {
    let named: Vec<_> = environment.iter().filter(|(name, _)| name.ends_with("_FILE")).collect();
    assert_eq!(named.len(), 2, "the database and the keys");
    for (name, file) in named {
        assert!(is_there(file), "{name} names {file}, which nobody puts there");
    }
}

/// The time that stopping takes at most by config, in seconds.
fn stopping(environment: &BTreeMap<String, String>, data: &Path) -> u64 {
    let mut check = command(data, &["check", "--json"]);
    let plain = environment.iter().filter(|(name, _)| !name.ends_with("_FILE"));
    check.envs(plain);
    let listed: Value = serde_json::from_str(&run::run(&mut check).stdout).expect("JSON");
    let listed = listed["config"].as_array().expect("a list").clone();
    let of = |key: &str| {
        let found = listed.iter().find(|setting| setting["key"] == key).expect("the setting");
        found["value"].as_str().expect("a text").to_owned()
    };
    let drain = match of("server.drain").as_str() {
        // What `auto` is where not the loopback is listened on.
        "auto" => 5,
        drain => seconds(drain),
    };
    drain + docket_http::STOP_TIME.as_secs() + seconds(&of("tasks.grace"))
}

#[test]
fn whoever_stops_it_waits_until_it_has_stopped() {
    let data = folder();
    let docket = &compose()["services"]["docket"];
    let grace = docket["stop_grace_period"].as_str().expect("a time");
    assert!(seconds(grace) > stopping(&pairs(&docket["environment"]), data.path()));
    let grace = deployment()["terminationGracePeriodSeconds"].as_u64().expect("seconds");
    assert!(grace > stopping(&config_map(), data.path()));
    let grace = seconds(&unit("TimeoutStopSec")[0]);
    let elsewhere = [("DOCKET_SERVER__LISTEN".to_owned(), "0.0.0.0:0".to_owned())];
    assert!(grace > stopping(&elsewhere.into(), data.path()));
}

/// An installation as a file describes it: its environment with files and addresses of this machine in the place of
/// theirs, and nothing else changed.
struct Played {
    environment: BTreeMap<String, String>,
    database: TestDatabase,
    redis: RedisServer,
    secrets: TempDir,
}

impl Played {
    fn of(described: BTreeMap<String, String>) -> Self {
        let (database, secrets) = (Database::Mariadb.fresh(), folder());
        let redis = RedisServer::start().expect("a Redis");
        let mut environment = image().environment;
        environment.extend(described);
        let keys = docket_alone(secrets.path(), &["privacy", "new"]);
        for (name, value) in &mut environment {
            let content = match name.as_str() {
                "DOCKET_DATABASE__URL_FILE" => database.url(),
                "DOCKET_PRIVACY__KEYS_FILE" => keys.clone(),
                "DOCKET_REDIS__URL" => {
                    *value = redis.url();
                    continue;
                }
                _ => continue,
            };
            let file = secrets.path().join(Path::new(value.as_str()).file_name().expect("a name"));
            fs::write(&file, content).expect("written");
            *value = file.display().to_string();
        }
        Self { environment, database, redis, secrets }
    }

    /// As in a container whose files cannot be written, but for the data folder.
    fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let set = self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        set.chain([("TMPDIR", "/nowhere")])
    }

    fn ran(&self, data: &Path, words: &[&str]) -> Ran {
        run::run(command(data, words).envs(self.settings()))
    }

    fn serve(&self, data: &Path) -> Serve {
        let serve = ServeCommand::new(DOCKET, data);
        self.settings().fold(serve, |serve, (name, value)| serve.env(name, value)).start()
    }
}

fn docket_alone(data: &Path, words: &[&str]) -> String {
    run::docket(data, words).fine()
}

/// Migrates, starts two processes, places at one and reads at the other, and asks what the probes ask.
fn drill(described: BTreeMap<String, String>, health: &[String]) {
    let played = Played::of(described);
    let [one, other, job] = [folder(), folder(), folder()];
    let migrated = played.ran(job.path(), &["migrate"]).fine();
    assert!(migrated.contains("made the database"), "{migrated}");
    let again = played.ran(job.path(), &["migrate"]).fine();
    assert!(again.contains("up to date"), "{again}");
    let [first, second] = [one.path(), other.path()].map(|data| played.serve(data));
    for (serve, data) in [(&first, one.path()), (&second, other.path())] {
        assert!(!data.join("docket.keys").exists(), "the keys are those that were given");
        let mut client = Client::new(serve.base_url(), "").expect("a connection");
        for path in probes() {
            let got = client.get(&path).expect("an answer");
            assert_eq!(got.status, 200, "{path}: {got:?}");
        }
        eventually("Redis, keys and people are well", || {
            client.get("/readyz").expect("an answer").body["degraded"] == json!([])
        });
        // The health check as it stands, in the data folder of this process.
        let health: Vec<&str> = health.iter().map(String::as_str).collect();
        assert_eq!(health[..2], ["--data", "/var/lib/docket"]);
        played.ran(data, &health[2..]).fine();
    }
    eventually("it has said something", || first.stderr().contains('\n'));
    let lines = first.stderr();
    let line = lines.lines().next().expect("a line");
    let logged: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("JSON: {line}"));
    assert_eq!(logged["level"], "INFO");

    let scopes = "orders.read,orders.write,stock,privacy.read";
    let words = ["key", "add", "shop", "--scopes", scopes, "--actors", "buyer"];
    let token = played.ran(one.path(), &words).fine();
    let mut here = Client::new(first.base_url(), token.trim()).expect("a connection");
    let mut there = Client::new(second.base_url(), token.trim()).expect("a connection");
    let order = json!({"buyer_id": "b1", "currency": "CNY", "actor": {"kind": "buyer"}, "shops": [{
        "shop_id": "1", "ship_to": {"name": "王小明", "phone": "13800001111", "address": "天河路 1 号"},
        "items": [{"sku_id": "tea", "title": "Tea", "quantity": "1", "list_price": 100}]}]});
    let placed = here.post("/api/orders", &order).expect("an answer");
    assert_eq!(placed.status, 201, "{placed:?}");
    let id = placed.body["order_id"].as_str().expect("a number");
    let read = there.get(&format!("/api/orders/{id}?reveal=person")).expect("an answer");
    assert_eq!(read.status, 200, "{read:?}");
    assert!(read.body.to_string().contains("13800001111"), "{read:?}");
    let found = there.get("/api/orders?phone=13800001111").expect("an answer");
    assert!(found.body.to_string().contains(id), "{found:?}");

    let Played { redis, database, secrets, .. } = played;
    drop(redis);
    eventually("without Redis orders are taken, and it is said that it is away", || {
        let ready = there.get("/readyz").expect("an answer");
        ready.status == 200 && ready.body["degraded"][0]["part"] == "redis"
    });
    drop((first, second, database, secrets));
}

/// The paths that are asked whether a process starts, lives and is ready.
fn probes() -> Vec<String> {
    let container = deployment()["containers"][0].clone();
    let named = ["startupProbe", "livenessProbe", "readinessProbe"].map(|probe| {
        let ask = &container[probe]["httpGet"];
        assert_eq!(ask["port"], container["ports"][0]["name"], "{probe}");
        ask["path"].as_str().expect("a path").to_owned()
    });
    let metrics = manifest(DEPLOYMENT, "Deployment");
    let metrics = &metrics["spec"]["template"]["metadata"]["annotations"]["prometheus.io/path"];
    named.into_iter().chain([metrics.as_str().expect("a path").to_owned()]).collect()
}

#[test]
fn the_compose_file_played_without_containers_takes_orders_at_two_processes() {
    let compose = compose();
    let docket = &compose["services"]["docket"];
    assert_eq!(docket["environment"], compose["services"]["migrate"]["environment"]);
    assert_eq!(docket["command"], json!(["serve"]));
    assert_eq!(
        docket["depends_on"]["migrate"]["condition"], "service_completed_successfully",
        "the database is brought up before"
    );
    drill(pairs(&docket["environment"]), &image().health[1..]);
}

#[test]
fn the_manifests_played_without_a_cluster_take_orders_at_two_processes() {
    for pod in [deployment(), migration()] {
        let from = &pod["containers"][0]["envFrom"][0]["configMapRef"]["name"];
        let config = manifest("deploy/kubernetes/config.yaml", "ConfigMap");
        assert_eq!(from, &config["metadata"]["name"]);
    }
    drill(config_map(), &image().health[1..]);
}

#[test]
fn the_health_check_of_a_container_sees_a_process_that_is_not_there_or_not_ready() {
    let data = folder();
    let said = run::docket(data.path(), &["check", "--ready"]).refused(1);
    assert!(said.contains("no center runs on"), "{said}");
    assert!(fs::read_dir(data.path()).expect("a folder").next().is_none(), "nothing was made");
    let serve = ServeCommand::new(DOCKET, data.path()).start();
    let fine = run::docket(data.path(), &["check", "--ready", "--json"]).json();
    assert_eq!(fine["ready"], true);
    drop(serve);
    run::docket(data.path(), &["check", "--ready"]).refused(1);
    run::docket(data.path(), &["check", "--ready", "--deep"]).refused(2);
}
