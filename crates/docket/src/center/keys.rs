//! What is said where the keys at hand are not those of the database: which key is missing where, and what to do.

use crate::said::{Said, said};
use docket_app::vault::{Malformed, VaultError};
use docket_app::{KeyUse, KeyWord, KeysError, Lack, RecordedKey};

/// Its code for programs.
pub const fn word(error: &KeysError) -> &'static str {
    match error {
        KeysError::Unreadable(_) => "failed",
        KeysError::Lacking { .. } => "key_missing",
        KeysError::Unproven { .. } => "key_unproven",
    }
}

/// Keys by number and fingerprint.
pub fn listed(keys: &[RecordedKey]) -> String {
    let shown = keys.iter().map(|key| format!("{} {}", key.used.word(), key.fingerprint));
    shown.collect::<Vec<_>>().join(", ")
}

/// What is wrong, in one sentence.
pub fn said(error: &KeysError) -> Said {
    match error {
        KeysError::Unreadable(error) => {
            said!("the key file cannot be used", "密钥文件不可用").because(unusable(error))
        }
        KeysError::Lacking {
            place, missing: RecordedKey { used, fingerprint, .. }, held, ..
        } => match (used, held) {
            (KeyUse::Seal(id), None) => said!(
                "people's data in this database is sealed with key {id} (fingerprint {fingerprint}), and there is \
                     no key file {place}",
                "此数据库中的个人信息由密钥 {id}（指纹 {fingerprint}）加密，但没有密钥文件 {place}"
            ),
            (KeyUse::Seal(id), Some(held)) => {
                let held = listed(held);
                said!(
                    "people's data in this database is sealed with key {id} (fingerprint {fingerprint}), which is \
                         not in {place} (there: {held})",
                    "此数据库中的个人信息由密钥 {id}（指纹 {fingerprint}）加密，而 {place} 中没有该密钥（现有：{held}）"
                )
            }
            (KeyUse::Search, held) => {
                let held = listed(held.as_deref().unwrap_or_default());
                said!(
                    "telephones in this database are found by the search key with the fingerprint {fingerprint}, \
                         which is not in {place} (there: {held})",
                    "此数据库按指纹为 {fingerprint} 的搜索密钥查找电话，而 {place} 中没有该密钥（现有：{held}）"
                )
            }
        },
        KeysError::Unproven { place, key, found: true } => said!(
            "the keys in {place} do not open what key {key} sealed in this database",
            "{place} 中的密钥无法解开此数据库中由密钥 {key} 加密的内容"
        ),
        KeysError::Unproven { place, key, found: false } => said!(
            "this database holds people's data sealed with key {key}, and there is no key file {place}",
            "此数据库中有由密钥 {key} 加密的个人信息，但没有密钥文件 {place}"
        ),
    }
}

/// Why keys cannot be used.
fn unusable(error: &VaultError) -> Said {
    match error {
        VaultError::File { path, error } => Said::as_told(path).because(error),
        VaultError::Malformed { path, what } => {
            said!("{path} is not a key file", "{path} 不是密钥文件").because(match what {
                Malformed::Empty => said!("{what}", "内容为空"),
                Malformed::NotJson => {
                    said!("{what}", "不是 docket privacy new 所打印的 JSON 文本")
                }
                Malformed::NoSealKey => said!("{what}", "其中没有加密密钥"),
                Malformed::BadKey => said!("{what}", "其中的密钥不是 64 位十六进制数字"),
            })
        }
    }
}

/// What to do about it.
pub fn next(error: &KeysError) -> Said {
    match error {
        KeysError::Unreadable(VaultError::Malformed { .. }) => said!(
            "Bring the key file back from its copy; without it people's data cannot be read.",
            "请从备份恢复密钥文件；没有它就无法读取个人信息。"
        ),
        KeysError::Unreadable(VaultError::File { .. }) => said!(
            "Check that this user may read and write there, or name another folder with --data.",
            "请确认当前用户可在此读写，或用 --data 指定其他目录。"
        ),
        KeysError::Lacking { place, lack: Lack::Older, .. } => said!(
            "The keys were rotated elsewhere: bring the newer key file from there to {place}.",
            "密钥已在别处轮换：请将那里较新的密钥文件放到 {place}。"
        ),
        KeysError::Lacking { place, missing, lack: Lack::GivenUp, .. } => {
            let fingerprint = &missing.fingerprint;
            said!(
                "Keys in {place} were given up, and others are used since: bring the key file back that was there \
                 before this one, and take this one in with `docket privacy adopt FILE`. If that one is lost for good, \
                 see `docket privacy give-up {fingerprint}`.",
                "{place} 中有已放弃的密钥，此后使用的是其他密钥：请先放回此前在此处的密钥文件，再用 \
                 docket privacy adopt FILE 纳入当前文件中的密钥。若此前的文件确已永久丢失，请参阅 \
                 docket privacy give-up {fingerprint}。"
            )
        }
        KeysError::Lacking { place, missing, lack: Lack::Others, .. } => {
            let fingerprint = &missing.fingerprint;
            said!(
                "Bring the key file of this database (its copy, or that of another process on it) to {place}: \
                 processes that share a database share the keys. If it is lost for good, see \
                 `docket privacy give-up {fingerprint}`.",
                "请将此数据库的密钥文件（备份，或其他进程所用的）放到 {place}：共用数据库的进程必须共用密钥。\
                 若确已永久丢失，请参阅 docket privacy give-up {fingerprint}。"
            )
        }
        KeysError::Unproven { place, .. } => said!(
            "Bring the key file that this database was used with to {place}: processes that share a database share the \
             keys.",
            "请将此数据库原来使用的密钥文件放到 {place}：共用数据库的进程必须共用密钥。"
        ),
    }
}
