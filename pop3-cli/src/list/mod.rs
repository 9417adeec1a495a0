//! `pop3 list`: what is in a mailbox.

mod table;

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};

use pop3_proto::adapter::Error;
use pop3_proto::client::Error as ProtocolError;
use pop3_proto::{MessageNumber, Octets, UniqueId};
use serde_json::json;

use crate::args::List;
use crate::failure::Failure;
use crate::mailbox::{self, Mailbox, Part, Stop};
use crate::output::escaped;
use table::Cells;

/// So much of a header is looked at, in octets.
const HEADER: usize = 64 * 1024;

/// What is shown of a message. What the server does not tell is missing.
#[derive(Debug, Default)]
struct Row {
    octets: Option<Octets>,
    unique_id: Option<UniqueId>,
    date: String,
    from: String,
    subject: String,
}

pub(crate) fn run(args: &List) -> Result<(), Failure> {
    let failed = |error: Error| Failure::session(&args.account.url, &error);
    let mut session = mailbox::log_in(&args.account)?;
    let mut rows: HashMap<MessageNumber, Row> = HashMap::new();
    for message in session.list().map_err(failed)? {
        rows.entry(message.number).or_default().octets = Some(message.octets);
    }
    for message in optional(session.unique_ids()).map_err(failed)?.unwrap_or_default() {
        rows.entry(message.number).or_default().unique_id = Some(message.unique_id);
    }
    read_headers(&mut *session, &mut rows).map_err(|stop| stop.failure(&args.account.url))?;
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_unstable_by_key(|(number, _)| *number);
    show(args, &rows)?;
    session.quit().map_err(failed)?;
    Ok(())
}

/// What servers may lack.
fn optional<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Err(Error::Pop3(ProtocolError::Refused { .. })) => Ok(None),
        result => result.map(Some),
    }
}

fn read_headers(
    session: &mut dyn Mailbox,
    rows: &mut HashMap<MessageNumber, Row>,
) -> Result<(), Stop> {
    let mut numbers: Vec<_> = rows.keys().copied().collect();
    numbers.sort_unstable();
    let mut header = Vec::new();
    session.read(Part::Header, numbers, &mut |number, top| {
        header.clear();
        let read = optional(top).and_then(|top| {
            let Some(top) = top else { return Ok(()) };
            while header.len() < HEADER
                && let Some(chunk) = top.next_chunk()?
            {
                header.extend_from_slice(&chunk);
            }
            Ok(())
        });
        if let (Ok(()), Some(row)) = (&read, rows.get_mut(&number)) {
            row.read(&header);
        }
        Ok(read?)
    })
}

impl Row {
    fn read(&mut self, header: &[u8]) {
        let Ok((fields, _)) = mailparse::parse_headers(header) else { return };
        for field in fields {
            let place = match field.get_key_ref().to_ascii_lowercase().as_str() {
                "date" => &mut self.date,
                "from" => &mut self.from,
                "subject" => &mut self.subject,
                _ => continue,
            };
            // The first one counts, as in most readers.
            if place.is_empty() {
                *place = field.get_value();
            }
        }
    }

    fn cells(&self, number: MessageNumber) -> Cells {
        let octets = self.octets.map_or_else(|| "?".into(), |octets| octets.to_string());
        let unique_id = self.unique_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let text = |text: &str| escaped(text.replace('\t', " ").as_bytes());
        [
            number.to_string(),
            octets,
            unique_id,
            text(&self.date),
            text(&self.from),
            text(&self.subject),
        ]
    }
}

fn show(args: &List, rows: &[(MessageNumber, Row)]) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    if args.json {
        for (number, row) in rows {
            let object = json!({
                "number": number.get(),
                "octets": row.octets.map(|octets| octets.0),
                "unique_id": row.unique_id.as_ref().map(ToString::to_string),
                "date": row.date,
                "from": row.from,
                "subject": row.subject,
            });
            writeln!(out, "{object}")?;
        }
    } else if io::stdout().is_terminal() {
        let cells = |(number, row): &(MessageNumber, Row)| {
            let mut cells = row.cells(*number);
            cells[3] = table::short_date(&cells[3]);
            cells
        };
        let rows = rows.iter().map(cells).collect();
        table::print(&mut out, rows, terminal_width())?;
    } else {
        for (number, row) in rows {
            writeln!(out, "{}", row.cells(*number).join("\t"))?;
        }
    }
    Ok(out.flush()?)
}

/// How many columns the terminal has.
fn terminal_width() -> usize {
    usize::from(console::Term::stdout().size().1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_decoded_and_the_first_counts() {
        let mut row = Row::default();
        row.read(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\tfolded\r\nsubject: second\r\nFrom: a@b\r\n\r\n");
        assert_eq!(row.subject, "Grüße folded");
        assert_eq!(row.from, "a@b");
    }

    #[test]
    fn hostile_headers_are_shown_escaped_and_in_one_field() {
        let mut row = Row::default();
        row.read(b"Subject: =?utf-8?q?a=1B[2J=09b=0Ac?=\r\n\r\n");
        let cells = row.cells(MessageNumber::FIRST);
        assert!(!cells[5].contains(['\u{1b}', '\t', '\n']), "{}", cells[5]);
    }
}
