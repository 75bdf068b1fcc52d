//! A sentence in both languages. Whoever makes one does not know who will read it; the language is chosen where
//! it is shown. What the machine said is put into words here, without its numbers.

use docket_domain::story::Language;
use std::io;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    en: Box<str>,
    zh: Box<str>,
}

/// Makes a [`Said`] of an English and a Chinese text, written as for `format!`; both have the same arguments,
/// by name.
macro_rules! said {
    ($en:literal, $zh:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::said::Said::of(format!($en $(, $name = $value)*), format!($zh $(, $name = $value)*))
    };
}
pub(crate) use said;

impl Said {
    /// The same sentence in English and in Chinese.
    pub fn of(en: String, zh: String) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// What a library, a server or another program said: in its words, whoever reads.
    pub fn as_told(text: impl std::fmt::Display) -> Self {
        let text: Box<str> = without_numbers(&text.to_string()).into();
        Self { zh: text.clone(), en: text }
    }

    /// What a center said, which is English: the same in Chinese as far as this release knows it.
    pub fn of_center(sentence: &str) -> Self {
        match docket_wire::chinese::of(sentence) {
            Some(zh) => Self::of(sentence.to_owned(), zh),
            None => Self::as_told(sentence),
        }
    }

    /// In the language of its reader.
    pub fn to(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }

    /// This sentence and, behind a colon, why.
    #[must_use]
    pub fn because(self, why: impl Into<Self>) -> Self {
        let why = why.into();
        Self::of(format!("{}: {}", self.en, why.en), format!("{}：{}", self.zh, why.zh))
    }

    /// This and, behind a comma, another of a list.
    #[must_use]
    pub fn with(self, more: impl Into<Self>) -> Self {
        let more = more.into();
        Self::of(format!("{}, {}", self.en, more.en), format!("{}，{}", self.zh, more.zh))
    }

    /// This part of a sentence and the next one.
    #[must_use]
    pub fn and(self, more: impl Into<Self>) -> Self {
        let more = more.into();
        Self::of(format!("{}; {}", self.en, more.en), format!("{}；{}", self.zh, more.zh))
    }

    /// This sentence and the next one.
    #[must_use]
    pub fn then(self, more: impl Into<Self>) -> Self {
        let more = more.into();
        Self::of(format!("{} {}", self.en, more.en), format!("{}{}", self.zh, more.zh))
    }

    /// Whether the English text has `part`.
    #[cfg(test)]
    pub fn contains(&self, part: &str) -> bool {
        self.en.contains(part)
    }
}

/// A text that is the same in both languages.
impl From<String> for Said {
    fn from(text: String) -> Self {
        Self::as_told(text)
    }
}

/// A text that is the same in both languages.
impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Self::as_told(text)
    }
}

/// What the machine said of a file or a connection.
impl From<&io::Error> for Said {
    fn from(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        if error.get_ref().is_some() {
            return Self::as_told(error);
        }
        let (en, zh) = match error.kind() {
            Kind::NotFound => ("there is no such file or folder", "文件或目录不存在"),
            Kind::PermissionDenied => ("permission denied", "权限不足"),
            Kind::AlreadyExists => ("it is there already", "已存在"),
            Kind::IsADirectory => ("it is a folder", "它是目录"),
            Kind::NotADirectory => ("a part of the path is no folder", "路径中有一部分不是目录"),
            Kind::ReadOnlyFilesystem => ("the file system is read-only", "文件系统为只读"),
            Kind::StorageFull => ("the disk is full", "磁盘已满"),
            Kind::AddrInUse => ("the address is in use already", "地址已被占用"),
            Kind::AddrNotAvailable => ("this machine has no such address", "本机没有此地址"),
            Kind::ConnectionRefused => ("connection refused", "连接被拒绝"),
            Kind::ConnectionReset | Kind::ConnectionAborted => ("connection reset", "连接被重置"),
            Kind::TimedOut => ("no answer in time", "超时未响应"),
            Kind::HostUnreachable | Kind::NetworkUnreachable => {
                ("there is no way to that host", "无法到达该主机")
            }
            _ => return Self::as_told(error),
        };
        Self { en: en.into(), zh: zh.into() }
    }
}

/// Takes ` (os error 13)` out: the words before it say the same.
fn without_numbers(text: &str) -> String {
    let mut kept = text.to_owned();
    while let Some(from) = kept.find(" (os error ") {
        let Some(length) = kept[from..].find(')') else { break };
        kept.replace_range(from..=from + length, "");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_said_is_told_in_words_and_without_numbers() {
        let refused = io::Error::from_raw_os_error(rustix::io::Errno::CONNREFUSED.raw_os_error());
        let said = said!("cannot reach {host}", "无法连接 {host}", host = "a:1").because(&refused);
        assert_eq!(said.to(Language::En), "cannot reach a:1: connection refused");
        assert_eq!(said.to(Language::Zh), "无法连接 a:1：连接被拒绝");
        let told = Said::as_told("a (os error 5), b (os error 111): c");
        assert_eq!(told.to(Language::Zh), "a, b: c");
    }
}
