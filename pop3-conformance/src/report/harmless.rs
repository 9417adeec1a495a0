//! Text from peers, made harmless.

/// Text on one line in which nothing moves a cursor, rings, or turns the direction of writing: such
/// characters are escaped. What a case reports is escaped already; this is where it is made sure.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            _ if letter.is_control() || turns_or_parts(letter) => {
                shown.extend(letter.escape_default());
            }
            _ => shown.push(letter),
        }
    }
    shown
}

/// Marks of the direction of writing, separators of lines, and what is no character.
const fn turns_or_parts(letter: char) -> bool {
    matches!(letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_line() {
        assert_eq!(
            harmless("a\x1b[2J\tb\r\n\u{9b}c\u{202e}"),
            "a\\u{1b}[2J\\tb\\r\\n\\u{9b}c\\u{202e}"
        );
        assert_eq!(harmless("+OK Grüße \\x1b"), "+OK Grüße \\x1b");
    }
}
