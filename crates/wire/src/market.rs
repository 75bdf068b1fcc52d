//! The names of markets: five fixed ones and those of the configuration, with numbers from 100.

use docket_domain::words::MARKETS;

/// Which market word has which number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markets {
    named: Vec<(u16, String)>,
}

/// Numbers below this belong to the fixed markets.
pub const CONFIGURED_FROM: u16 = 100;

impl Default for Markets {
    /// The fixed markets alone.
    fn default() -> Self {
        let named = MARKETS.iter().map(|&(number, name)| (number, name.to_owned()));
        Self { named: named.collect() }
    }
}

/// A configured market that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongMarket {
    /// Its number belongs to the fixed ones.
    #[error("market `{0}` needs a number of {CONFIGURED_FROM} or more")]
    Low(String),
    /// Its name or number is taken.
    #[error("market `{0}` has the name or number of another one")]
    Taken(String),
}

impl Markets {
    /// The fixed markets and the `configured` ones.
    pub fn with<I>(configured: I) -> Result<Self, WrongMarket>
    where
        I: IntoIterator<Item = (String, u16)>,
    {
        let mut markets = Self::default();
        for (name, number) in configured {
            if number < CONFIGURED_FROM {
                return Err(WrongMarket::Low(name));
            }
            if markets.number(&name).is_some() || markets.name(number).is_some() {
                return Err(WrongMarket::Taken(name));
            }
            markets.named.push((number, name));
        }
        Ok(markets)
    }

    /// The number of a market's word.
    pub fn number(&self, name: &str) -> Option<u16> {
        self.named.iter().find(|(_, known)| known == name).map(|(number, _)| *number)
    }

    /// The word of a market's number; `None` where the configuration no longer names it.
    pub fn name(&self, number: u16) -> Option<&str> {
        self.named.iter().find(|(known, _)| *known == number).map(|(_, name)| &**name)
    }

    /// Every word, for messages.
    pub fn listed(&self) -> String {
        self.named.iter().map(|(_, name)| &**name).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_markets_stand_beside_the_fixed_ones_and_never_replace_them() {
        let markets = Markets::with([("gallery".to_owned(), 100)]).expect("free name and number");
        assert_eq!(markets.number("zebra"), Some(1));
        assert_eq!(markets.name(100), Some("gallery"));
        assert_eq!(markets.number("unheard of"), None);
        assert_eq!(Markets::with([("own".to_owned(), 4)]), Err(WrongMarket::Low("own".to_owned())));
        assert_eq!(
            Markets::with([("main".to_owned(), 101)]),
            Err(WrongMarket::Taken("main".to_owned()))
        );
    }
}
