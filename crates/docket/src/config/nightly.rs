//! What runs by itself: when, and what of its findings it repairs.

use super::sections::Schedules;
use super::shapes::Shape;

/// Classes of differences that are repaired without being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repairs(pub Vec<String>);

impl Shape for Repairs {
    const LOOKS: (&'static str, &'static str) = (
        "classes that `docket reconcile --repair` repairs, separated by commas, such as status_stale,deadline_missing",
        "docket reconcile --repair 能修复的类别，以逗号分隔，例如 status_stale,deadline_missing",
    );

    fn read(text: &str) -> Option<Self> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let known = docket_app::repairable_words();
        let words: Vec<_> = words.map(str::to_owned).collect();
        words.iter().all(|word| known.contains(&word.as_str())).then_some(Self(words))
    }
}

impl Schedules {
    /// When what runs by itself runs.
    pub fn times(&self) -> Vec<(String, docket_app::Every)> {
        let Self { housekeeping, archive, reconcile } = self;
        [("housekeeping", housekeeping), ("archive", archive), ("reconcile", reconcile)]
            .map(|(name, when)| (name.to_owned(), when.value.0.clone()))
            .into()
    }
}
