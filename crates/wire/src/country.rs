//! Countries by their two letters: the codes of ISO 3166-1, and those that history may hold.

use crate::document::Node;
use crate::kinds;
use crate::reader::{Reader, Source};

/// The officially assigned codes, alpha-2.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN \
IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF \
PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE \
YT ZA ZM ZW";
/// Codes that were withdrawn and are no other country's today, and `XK`, which many systems use for Kosovo. Orders of
/// the past were sent there; nothing is sent to them by this code any more.
const FORMER: &str =
    "AN BU CS CT DD DY FQ FX HV JT MI NH NQ NT PC PU PZ RH SU TP VD WK YD YU ZR XK";

fn is_in(list: &str, code: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == code)
}

/// Reads a country. What was recorded elsewhere may hold a code that was withdrawn since.
pub fn country(reader: &mut Reader, node: Node<'_>) -> Option<String> {
    let code = kinds::title(reader, node)?;
    let known = is_in(CODES, &code) || reader.source() == Source::Record && is_in(FORMER, &code);
    if known {
        return Some(code);
    }
    let capitals = code.to_ascii_uppercase();
    let meant = match capitals.as_str() {
        "UK" => "; the United Kingdom is `GB`".to_owned(),
        _ if is_in(CODES, &capitals) => format!("; did you mean `{capitals}`?"),
        _ => String::new(),
    };
    let message =
        format!("must be a country of ISO 3166-1 in two capital letters, such as `CN`{meant}");
    reader.wrong("not_a_country", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::{Unreadable, read};
    use serde_json::json;

    fn told(code: &str, source: Source) -> Result<Option<String>, (&'static str, String)> {
        let body = json!({"country": code}).to_string();
        let told =
            read(body.as_bytes(), source, |fields| Some(fields.optional("country", country)));
        told.map_err(|why| match why {
            Unreadable::Wrong(mut errors) => {
                let error = errors.remove(0);
                (error.code, error.message)
            }
            Unreadable::NotJson(error) => panic!("it is JSON: {error:?}"),
        })
    }

    #[test]
    fn a_country_is_two_capitals_of_the_standard() {
        assert_eq!(CODES.split_ascii_whitespace().count(), 249);
        for code in CODES.split_ascii_whitespace() {
            assert_eq!(told(code, Source::Request), Ok(Some(code.to_owned())));
        }
        for (wrong, hint) in [("cn", "`CN`?"), ("UK", "`GB`"), ("uk", "`GB`"), ("Cn", "`CN`?")] {
            let (code, message) = told(wrong, Source::Request).expect_err("it is none");
            assert!(code == "not_a_country" && message.contains(hint), "{message}");
        }
        for wrong in ["CHN", "China", "XX", "YU", "XK", "C", "CN CR", " "] {
            assert!(told(wrong, Source::Request).is_err(), "{wrong}");
        }
        assert_eq!(told("", Source::Request), Ok(None));
    }

    #[test]
    fn a_code_that_was_withdrawn_is_one_of_history_alone() {
        for code in FORMER.split_ascii_whitespace() {
            assert_eq!(told(code, Source::Record), Ok(Some(code.to_owned())));
            assert!(told(code, Source::Request).is_err(), "nothing is sent to {code}");
            assert!(!is_in(CODES, code), "{code} is in one list");
        }
        assert_eq!(told("China", Source::Record).map_err(|(code, _)| code), Err("not_a_country"));
    }
}
