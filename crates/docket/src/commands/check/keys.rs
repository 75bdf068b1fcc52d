//! The keys that seal people's data: whether they are there, for nobody else, and those of the database; and whether
//! what is sealed can be opened with them.

use crate::center::keys;
use crate::config::Config;
use crate::said::{Said, said};
use docket_app::vault::{Closed, KeySource, Vault};
use docket_app::{KeysError, OpenError, compare_keys};
use docket_store::{Survey, private};
use std::path::Path;

/// Looks at the keys, and at some of what they sealed, where something is.
pub async fn look(config: &Config, deep: bool) -> (Result<Said, Said>, Option<Result<Said, Said>>) {
    let place = config.keys();
    let (keys, people) = compared(config, &place, deep).await;
    let open = match &place {
        KeySource::File(path) => file(path),
        KeySource::Text(..) => Ok(()),
    };
    let keys = match (keys, open) {
        (keys, Ok(())) => keys,
        (Ok(_), Err(open)) => Err(open),
        (Err(wrong), Err(open)) => Err(wrong.and(open)),
    };
    (keys, people)
}

async fn compared(
    config: &Config,
    place: &KeySource,
    deep: bool,
) -> (Result<Said, Said>, Option<Result<Said, Said>>) {
    let shown = place.named();
    match compare_keys(&config.database_url(), place).await {
        Ok((_, None)) => {
            let none = said!(
                "{shown} is not there yet; `docket serve` makes it",
                "{shown} 尚不存在，docket serve 会建立"
            );
            (Ok(none), None)
        }
        Ok((survey, Some(vault))) => {
            let held = keys::listed(&vault.keys());
            let fine = said!("{shown} ({held})", "{shown}（{held}）");
            (Ok(fine), (!survey.samples.is_empty()).then(|| opened(&survey, &vault, deep)))
        }
        Err(OpenError::Keys(error)) => (Err(refused(&error)), None),
        // That the database cannot be asked is said of the database.
        Err(OpenError::Store(_)) => match place.read() {
            Ok(_) => (Ok(Said::as_told(shown)), None),
            Err(error) => (Err(refused(&KeysError::Unreadable(error))), None),
        },
    }
}

fn refused(error: &KeysError) -> Said {
    keys::said(error).and(keys::next(error))
}

fn file(path: &Path) -> Result<(), Said> {
    let shown = path.display();
    match private::is_open_to_others(path) {
        Ok(false) => Ok(()),
        Ok(true) => Err(said!(
            "{shown} can be read by others; run chmod 600 on it",
            "{shown} 可被他人读取，请执行 chmod 600"
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Said::as_told(shown).because(&error)),
    }
}

/// Whether the samples are opened. What a key sealed that was given up is known to stay closed.
fn opened(survey: &Survey, vault: &Vault, deep: bool) -> Result<Said, Said> {
    let lost = docket_app::given_up(&survey.keys);
    let closed =
        survey.samples.iter().filter_map(|(purpose, sealed)| vault.closed(*purpose, sealed));
    let closed =
        closed.filter(|closed| !matches!(closed, Closed::NoKey(key) if lost.contains(key)));
    let (closed, all) = (closed.count(), survey.samples.len());
    if closed == 0 {
        return Ok(said!("{all} looked at, all can be opened", "抽查 {all} 条，均可解开"));
    }
    let some = said!(
        "{closed} of {all} looked at cannot be opened with these keys",
        "抽查 {all} 条，其中 {closed} 条无法用这些密钥解开"
    );
    // Where that is looked for, they are named below.
    Err(if deep {
        some
    } else {
        some.and(said!("`docket check --deep` names the orders", "docket check --deep 会列出订单"))
    })
}
