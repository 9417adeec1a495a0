use alloc::string::{String, ToString};
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

fn built_in() -> [Language; 2] {
    [Language::english(), Language::german()]
}

fn named(tag: &str) -> Language {
    Language::new(tag, "", RemarkName::ALL.iter().map(|name| (*name, "x"))).unwrap()
}

fn chosen(tags: &[&str], range: &str) -> Option<String> {
    let languages: Vec<Language> = tags.iter().map(|tag| named(tag)).collect();
    let range = LanguageRange::new(range).unwrap();
    choose(&languages, &range).map(|language| language.tag().to_string())
}

#[test]
fn each_language_is_complete_and_fits_a_status_line() {
    for language in built_in() {
        for remark in RemarkName::ALL {
            check(*remark, language.text(*remark)).unwrap();
            for placeholder in remark.placeholders() {
                let braced = alloc::format!("{{{placeholder}}}");
                assert!(language.text(*remark).contains(&braced), "{language:?}: {remark}");
            }
        }
    }
}

#[test]
fn a_language_is_shown_by_its_tag() {
    assert_eq!(alloc::format!("{:?}", Language::german()), r#"Language("de")"#);
}

#[test]
fn the_languages_say_different_things() {
    let [english, german] = built_in();
    for remark in RemarkName::ALL {
        assert_ne!(english.text(*remark), german.text(*remark), "{remark}");
    }
}

#[test]
fn english_is_ascii_since_it_is_spoken_before_anything_else_was_agreed() {
    for remark in RemarkName::ALL {
        assert!(Language::english().text(*remark).is_ascii(), "{remark}");
    }
}

#[test]
fn names_of_remarks_are_distinct_and_lead_back() {
    for remark in RemarkName::ALL {
        assert_eq!(remark.to_string().parse(), Ok(*remark));
    }
    assert!("no-such-remark".parse::<RemarkName>().is_err());
}

#[test]
fn a_table_that_cannot_be_said_is_refused() {
    let with = |text: String| {
        let table = RemarkName::ALL.iter().map(|name| match name {
            RemarkName::Listing => (*name, text.clone()),
            _ => (*name, "x".into()),
        });
        Language::new("nl", "Nederlands", table).map(drop)
    };
    let listing = RemarkName::Listing;
    assert_eq!(with("{messages} berichten".into()), Ok(()));
    assert_eq!(with(String::new()), Err(InvalidLanguage::Missing(listing)));
    for control in ["a\r\nb", "a\0", "a\tb"] {
        assert_eq!(with(control.into()), Err(InvalidLanguage::Control(listing)));
    }
    for brace in ["{octets}", "{", "}", "{{messages}", "{messages", "}messages}", "{a{messages}"] {
        assert_eq!(with(brace.into()), Err(InvalidLanguage::Placeholder(listing)), "{brace}");
    }
    assert_eq!(with("é".repeat(200)), Ok(()));
    assert_eq!(with("é".repeat(201)), Err(InvalidLanguage::TooLong(listing)));
    assert_eq!(with("{messages}".repeat(21)), Err(InvalidLanguage::TooLong(listing)));
    let all = || RemarkName::ALL.iter().map(|name| (*name, "x"));
    assert!(matches!(Language::new("n l", "x", all()), Err(InvalidLanguage::Tag(_))));
    assert!(matches!(Language::new("nl", "a\nb", all()), Err(InvalidLanguage::Name)));
}

#[test]
fn a_range_chooses_as_rfc_4647_says() {
    for (tags, range, tag) in [
        (&["en", "de"][..], "de", Some("de")),
        (&["en", "de"], "DE", Some("de")),
        (&["en", "de"], "*", Some("en")),
        (&["en", "de-AT", "de"], "de", Some("de")),
        (&["en", "de-AT"], "de", Some("de-AT")),
        (&["en", "de"], "de-CH-1996", Some("de")),
        (&["de-AT", "de-x-own"], "de-x-other", Some("de-AT")),
        (&["en", "de"], "de-x-mine", Some("de")),
        (&["en", "den"], "de", None),
        (&["en"], "e", None),
        (&["en"], "x-en", None),
        (&[], "*", None),
    ] {
        assert_eq!(chosen(tags, range).as_deref(), tag, "{range} of {tags:?}");
    }
}

proptest! {
    /// Whatever a table holds: it is refused, or what it yields is one line of bounded length.
    #[test]
    fn no_text_yields_more_than_a_line(
        text in "([ -~äß\\r\\n\\x00]|\\{messages\\}){0,60}",
        messages in any::<u64>(),
    ) {
        let table = RemarkName::ALL.iter().map(|name| (*name, match name {
            RemarkName::Listing => text.clone(),
            _ => "x".into(),
        }));
        if let Ok(language) = Language::new("nl", "", table) {
            let line = language.render(RemarkName::Listing, |_| Some(messages.to_string()));
            prop_assert!(line.len() <= Language::MAX_TEXT);
            prop_assert!(!line.contains(['\r', '\n', '\0']));
        }
    }

    #[test]
    fn what_is_chosen_is_one_of_the_languages(range in "[a-c]{1,2}(-[a-cx]{1,2}){0,3}") {
        let tags = ["a", "ab", "ab-c", "b-x-c"];
        if let Some(tag) = chosen(&tags, &range) {
            let common = tag.split('-').zip(range.split('-')).take_while(|(a, b)| a == b).count();
            prop_assert!(common > 0, "{tag} for {range}");
        }
    }
}
