//! Cases grouped by where their first requirement stands.

use std::sync::LazyLock;

use super::CaseReport;
use crate::requirement;

/// The cases of a section of a document.
pub(super) struct Section<'a> {
    /// `RFC 1939`
    pub(super) document: &'a str,
    /// `3`, or `-` in a document without sections.
    section: &'a str,
    pub(super) cases: Vec<&'a CaseReport>,
}

impl Section<'_> {
    /// `RFC 1939, section 3`
    pub(super) fn name(&self) -> String {
        match self.section {
            "-" | "" => self.document.to_owned(),
            section => format!("{}, section {section}", self.document),
        }
    }
}

/// Groups cases by document and section, in the order of the list of requirements; those of
/// documents that the list does not know come last. In a section they stay in their order.
pub(super) fn sections<'a>(cases: impl IntoIterator<Item = &'a CaseReport>) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    for case in cases {
        let (document, section) = case
            .requirements
            .first()
            .map_or(("", ""), |demand| (demand.document.as_str(), demand.section.as_str()));
        let known = sections
            .iter_mut()
            .find(|known| known.document == document && known.section == section);
        match known {
            Some(known) => known.cases.push(case),
            None => sections.push(Section { document, section, cases: vec![case] }),
        }
    }
    sections.sort_by_key(|section| position(section.document, section.section));
    sections
}

/// Where the list of requirements has a section, and before that its document.
fn position(document: &str, section: &str) -> (usize, usize) {
    static PLACES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        requirement::all().iter().map(|known| (known.document, known.section)).collect()
    });
    let first = |wanted: &dyn Fn(&(&str, &str)) -> bool| {
        PLACES.iter().position(wanted).unwrap_or(usize::MAX)
    };
    (first(&|known| known.0 == document), first(&|known| *known == (document, section)))
}
