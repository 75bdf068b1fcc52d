//! People's data of an order: the one value that is sealed, and how it is masked and searched.
//!
//! Sealing, keys and hashes are the business of the layers that store it. Trees, logs and snapshots carry
//! none of this.

use crate::country::country;
use crate::document::Node;
use crate::kinds;
use crate::reader::{Fields, Reader};
use crate::telephone::{self, Telephone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What stands for a part of an address that is hidden whole.
const MASK: &str = "***";

/// Everything personal of one order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Person {
    /// Who buys.
    #[serde(default, skip_serializing_if = "Contact::is_empty")]
    pub buyer: Contact,
    /// Per shop order, in the order of the tree: where it goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ship_to: Vec<Option<ShipTo>>,
}

/// How a buyer is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Telephone, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub phone: Option<String>,
}

/// Where a shop order goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[allow(missing_docs)] // the parts of a postal address, largest first
pub struct ShipTo {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub phone: Option<String>,
    /// ISO 3166-1, two capital letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[A-Z]{2}$")]
    pub country: Option<String>,
    /// The province or state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub province: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub district: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub town: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub zip: Option<String>,
}

/// Why what is stored of an order's people is not shown, though there is something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    /// It is sealed under a key that is not here.
    KeyMissing,
    /// No key that is here opens it: it was changed, or sealed elsewhere.
    Unreadable,
}

impl Person {
    /// Whether there is nothing to seal.
    pub fn is_empty(&self) -> bool {
        self.buyer.is_empty() && self.ship_to.iter().all(Option::is_none)
    }

    /// As anyone who may see the order sees it.
    #[must_use]
    pub fn masked(&self) -> Self {
        let ship_to = self.ship_to.iter().map(|to| to.as_ref().map(ShipTo::masked));
        Self { buyer: self.buyer.masked(), ship_to: ship_to.collect() }
    }

    /// What is counted of the buyer's telephone where its uses are limited: of the first number that can be read
    /// in what was typed as the buyer's own, else of the first that goods go to.
    pub fn counted_phone(&self) -> Option<String> {
        let to = self.ship_to.iter().flatten();
        let country = to.clone().find_map(|to| to.country.as_deref());
        let own = self.buyer.phone.as_deref().map(|cell| (cell, country));
        let sent = to.filter_map(|to| Some((to.phone.as_deref()?, to.country.as_deref())));
        own.into_iter().chain(sent).find_map(|(cell, country)| telephone::counted(cell, country))
    }

    /// Every telephone number in it, each once.
    pub fn phones(&self) -> Vec<Telephone> {
        let mut phones: Vec<Telephone> = Vec::new();
        for phone in self.phone_cells().flat_map(telephone::read) {
            if !phones.iter().any(|known| known.normal() == phone.normal()) {
                phones.push(phone);
            }
        }
        phones
    }

    /// What was typed as telephones, the buyer's own first.
    pub fn phone_cells(&self) -> impl Iterator<Item = &str> {
        let ship_to = self.ship_to.iter().flatten().filter_map(|to| to.phone.as_deref());
        self.buyer.phone.as_deref().into_iter().chain(ship_to)
    }
}

impl Contact {
    /// Whether nothing is known.
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.phone.is_none()
    }

    /// As anyone who may see the order sees it.
    #[must_use]
    pub fn masked(&self) -> Self {
        Self {
            name: self.name.as_deref().map(masked_name),
            phone: self.phone.as_deref().map(masked_phone),
        }
    }

    /// Reads one; every part may be left out.
    pub fn read(reader: &mut Reader, node: Node<'_>) -> Option<Self> {
        reader.object(node, |fields| {
            Some(Self {
                name: fields.optional("name", kinds::title),
                phone: fields.optional("phone", kinds::title),
            })
        })
    }

    pub(crate) fn looks_masked(&self) -> bool {
        [&self.name, &self.phone].into_iter().flatten().any(|text| text.contains('*'))
    }
}

impl ShipTo {
    /// As anyone who may see the order sees it: the region, and no more of the person than a till needs.
    #[must_use]
    pub fn masked(&self) -> Self {
        let hidden = |text: &Option<String>| text.as_ref().map(|_| MASK.to_owned());
        Self {
            name: self.name.as_deref().map(masked_name),
            phone: self.phone.as_deref().map(masked_phone),
            country: self.country.clone(),
            province: self.province.clone(),
            city: self.city.clone(),
            district: self.district.clone(),
            town: hidden(&self.town),
            address: hidden(&self.address),
            zip: hidden(&self.zip),
        }
    }

    /// Reads one; every part may be left out.
    pub fn read(reader: &mut Reader, node: Node<'_>) -> Option<Self> {
        reader.object(node, |fields| {
            let ship_to = Self {
                name: fields.optional("name", kinds::title),
                phone: fields.optional("phone", kinds::title),
                country: fields.optional("country", country),
                province: fields.optional("province", kinds::title),
                city: fields.optional("city", kinds::title),
                district: fields.optional("district", kinds::title),
                town: fields.optional("town", kinds::title),
                address: fields.optional("address", kinds::words),
                zip: fields.optional("zip", kinds::title),
            };
            Some(ship_to)
        })
    }

    /// Reads one that takes the place of another: it must say something, and not what an answer showed masked.
    pub fn read_new(reader: &mut Reader, node: Node<'_>) -> Option<Self> {
        let ship_to = Self::read(reader, node)?;
        if ship_to == Self::default() {
            return reader.wrong("empty", "must not be empty: give the whole ship-to");
        }
        let masked = ship_to.masked_fields();
        for field in &masked {
            let message = "is masked: give it in full, as it is to be written on the parcel";
            reader.wrong_field::<()>(field, "masked", message);
        }
        masked.is_empty().then_some(ship_to)
    }

    pub(crate) fn looks_masked(&self) -> bool {
        !self.masked_fields().is_empty()
    }

    /// The fields that hold what [`ShipTo::masked`] would show of them. A lone `*` may stand in a real address,
    /// but in no name and no telephone number.
    fn masked_fields(&self) -> Vec<&'static str> {
        let fields = [
            ("name", &self.name, "*"),
            ("phone", &self.phone, "*"),
            ("town", &self.town, MASK),
            ("address", &self.address, MASK),
            ("zip", &self.zip, MASK),
        ];
        let masked = fields
            .into_iter()
            .filter(|(_, text, sign)| text.as_ref().is_some_and(|text| text.contains(sign)));
        masked.map(|(name, ..)| name).collect()
    }
}

/// Reads `buyer {name, phone}` of a tree, empty where it is left out.
pub(crate) fn buyer(fields: &mut Fields<'_, '_>) -> Contact {
    fields.optional("buyer", Contact::read).unwrap_or_default()
}

/// The name of a person, hidden but for its first letter.
pub fn masked_name(name: &str) -> String {
    let chars = name.chars().count();
    let shown = usize::from(chars > 1);
    name.chars().take(shown).chain(std::iter::repeat_n('*', (chars - shown).clamp(1, 8))).collect()
}

fn masked_phone(phone: &str) -> String {
    let chars: Vec<char> = phone.chars().collect();
    let (head, tail) = match chars.len() {
        10.. => (3, 4),
        3..10 => (0, 2),
        _ => (0, 0),
    };
    let hidden = (chars.len() - head - tail).max(1);
    let mut masked: String = chars[..head].iter().collect();
    masked.extend(std::iter::repeat_n('*', hidden));
    masked.extend(&chars[chars.len() - tail..]);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_telephones_are_masked() {
        assert_eq!(masked_phone("13800000000"), "138****0000");
        assert_eq!(masked_phone("12345"), "***45");
        assert_eq!(masked_phone("12"), "**");
        assert_eq!(masked_name("王小明"), "王**");
        assert_eq!(masked_name("王"), "*");
        let ship_to = ShipTo {
            name: Some("Ada".into()),
            country: Some("CN".into()),
            city: Some("杭州".into()),
            address: Some("1 Lake Road".into()),
            ..ShipTo::default()
        };
        let masked = ship_to.masked();
        assert_eq!(masked.city.as_deref(), Some("杭州"));
        assert_eq!(masked.country.as_deref(), Some("CN"), "a region is nobody's own");
        assert_eq!(masked.address.as_deref(), Some("***"));
        assert_eq!(masked.zip, None);
        assert!(masked.looks_masked() && !ship_to.looks_masked());
    }

    #[test]
    fn each_telephone_stands_once() {
        let to = |phone: &str| Some(ShipTo { phone: Some(phone.into()), ..ShipTo::default() });
        let person = Person {
            buyer: Contact { name: None, phone: Some("+8613800000000".into()) },
            ship_to: vec![to("13800000000"), None, to("13911112222")],
        };
        let normals: Vec<_> = person.phones().iter().map(Telephone::normal).collect();
        assert_eq!(normals, ["13800000000", "13911112222"]);
        assert_eq!(person.counted_phone().as_deref(), Some("13800000000"));
    }

    #[test]
    fn what_is_sealed_is_compact() {
        let person = Person { ship_to: vec![None], ..Person::default() };
        assert!(person.is_empty());
        assert_eq!(serde_json::to_string(&person).expect("JSON"), r#"{"ship_to":[null]}"#);
    }
}
