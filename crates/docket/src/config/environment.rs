//! `DOCKET_SECTION__KEY` as a layer. Variables without a double underline are no settings.

use super::Origin;
use super::layers::{Form, Given, KeyPath};

/// Reads the environment of this process.
pub fn read() -> Vec<Given> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    of(std::env::vars_os().filter_map(text))
}

/// The settings among `variables`, in the order of their names.
pub fn of(variables: impl Iterator<Item = (String, String)>) -> Vec<Given> {
    let setting = |(name, text): (String, String)| {
        let path = path_of(name.strip_prefix("DOCKET_")?)?;
        Some(Given { path, text, form: Form::One, origin: Origin::Environment(name) })
    };
    let mut given: Vec<Given> = variables.filter_map(setting).collect();
    given.sort_by(|one, other| one.path.cmp(&other.path));
    given
}

/// Words are lower case; names between section and key (a shop, a channel) stay as they are written.
fn path_of(name: &str) -> Option<KeyPath> {
    let parts: Vec<&str> = name.split("__").collect();
    if parts.len() < 2 {
        return None;
    }
    let free = |at: usize| at == 2 && parts.len() == 4;
    let part = |(at, part): (usize, &&str)| {
        if free(at) { (*part).to_owned() } else { part.to_lowercase() }
    };
    Some(parts.iter().enumerate().map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_with_two_underlines_are_settings() {
        let variables = [
            ("DOCKET_SERVER__LISTEN", "a"),
            ("DOCKET_DEADLINES__SHOP__Xy-1__PAY_BY", "5m"),
            ("DOCKET_TEST_SEED", "1"),
            ("PATH", "/bin"),
        ];
        let given =
            of(variables.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())));
        let paths: Vec<String> = given.iter().map(|given| given.path.join("/")).collect();
        assert_eq!(paths, ["deadlines/shop/Xy-1/pay_by", "server/listen"]);
    }
}
