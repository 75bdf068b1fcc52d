//! The keys that seal people's data: whether they are there, for nobody else, and those of the database; and whether
//! what is sealed can be opened with them.

use super::Mark;
use crate::center::keys;
use crate::config::Config;
use crate::said::{Said, said};
use docket_app::vault::{Closed, KeySource, Vault};
use docket_app::{KeysError, OpenError, compare_keys};
use docket_store::{Survey, private};
use std::path::Path;

/// What was seen, and what it means for the center.
type Seen = (Mark, Said);

/// Looks at the keys, and at some of what they sealed, where something is.
pub async fn look(config: &Config, deep: bool) -> (Seen, Option<Seen>) {
    let place = config.keys();
    let (keys, people) = compared(config, &place, deep).await;
    let open = match &place {
        KeySource::File(path) => file(path),
        KeySource::Text(..) => Ok(()),
    };
    let keys = match (keys, open) {
        (keys, Ok(())) => keys,
        ((Mark::Failed, wrong), Err(open)) => (Mark::Failed, wrong.and(open)),
        (_, Err(open)) => (Mark::Failed, open),
    };
    (keys, people)
}

async fn compared(config: &Config, place: &KeySource, deep: bool) -> (Seen, Option<Seen>) {
    let shown = place.named();
    match compare_keys(&config.database_url(), place).await {
        Ok((survey, vault)) => {
            let keys = match &vault {
                Some(vault) => {
                    let held = keys::listed(&vault.keys());
                    (Mark::Fine, said!("{shown} ({held})", "{shown}（{held}）"))
                }
                None if survey.keys.is_empty() => (
                    Mark::Fine,
                    said!(
                        "{shown} is not there yet; `docket serve` makes it",
                        "{shown} 尚不存在，docket serve 会建立"
                    ),
                ),
                None => (
                    Mark::Warning,
                    said!(
                        "{shown} is not there, and all keys of this database were given up; `docket serve` makes new \
                         ones; should the file be found before, `docket privacy adopt FILE`",
                        "{shown} 不存在，且此数据库的密钥均已放弃；docket serve 会建立新密钥；若在此之前找到原文件，请执行 \
                         docket privacy adopt FILE"
                    ),
                ),
            };
            let people = !survey.samples.is_empty();
            (keys, people.then(|| opened(&survey, vault.unwrap_or_else(Vault::throw_away), deep)))
        }
        Err(OpenError::Keys(error)) => ((Mark::Failed, refused(&error)), None),
        // That the database cannot be asked is said of the database.
        Err(OpenError::Store(_)) => match place.read() {
            Ok(_) => ((Mark::Fine, Said::as_told(shown)), None),
            Err(error) => ((Mark::Failed, refused(&KeysError::Unreadable(error))), None),
        },
    }
}

/// So much is sealed under keys that were given up.
pub fn sealed_away(count: u64) -> Said {
    said!(
        "{count} sealed under keys that were given up: they stay sealed, and all else goes on; should the keys be found, \
         `docket privacy adopt FILE`",
        "{count} 条由已放弃的密钥加密：它们无法读取，其余一切照常；若日后找到密钥，请执行 docket privacy adopt FILE"
    )
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
fn opened(survey: &Survey, mut vault: Vault, deep: bool) -> Seen {
    vault.learn_lost(&survey.keys);
    let samples = survey.samples.iter();
    let closed = samples.filter_map(|(purpose, sealed)| vault.closed(*purpose, sealed));
    let (lost, closed): (Vec<_>, Vec<_>) = closed.partition(|it| matches!(it, Closed::Lost(_)));
    let (lost, closed, all) = (lost.len() as u64, closed.len(), survey.samples.len());
    let looked_at = said!("{all} looked at", "抽查 {all} 条");
    match (closed, lost) {
        (0, 0) => {
            (Mark::Fine, said!("{all} looked at, all can be opened", "抽查 {all} 条，均可解开"))
        }
        (0, lost) => (Mark::Warning, looked_at.because(sealed_away(lost))),
        (closed, _) => {
            let some = said!(
                "{closed} of {all} looked at cannot be opened with these keys",
                "抽查 {all} 条，其中 {closed} 条无法用这些密钥解开"
            );
            // Where that is looked for, they are named below.
            let named =
                said!("`docket check --deep` names the orders", "docket check --deep 会列出订单");
            (Mark::Failed, if deep { some } else { some.and(named) })
        }
    }
}
