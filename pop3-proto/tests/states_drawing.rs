//! Draws `docs/states.md` from the table of states, so that neither can be wrong about the other.

use std::fmt::Write;

use pop3_proto::state::{Behind, RULES, Rule, Shape, State};

const STATES: [State; 3] = [State::Authorization, State::Transaction, State::Update];

const HEAD: &str = "\
# The states of a session

Drawn from the table in `pop3-proto/src/state.rs` by a test, which fails when this page and the
table differ. To draw it again: `REDRAW=1 cargo test -p pop3-proto --test states_drawing`.

Arrows are positive replies; a negative one changes nothing. A connection that ends otherwise than
by QUIT leads to the end from everywhere, and removes nothing.
";

const TABLE: &str = "
`-ERR` is one line, always. What may be sent behind a command before its reply has come, may be so
where the server lists PIPELINING. What is announced by a capability is refused where it is not
listed; APOP is announced by the timestamp in the greeting.

| command | lawful in | what `+OK` begins | sent behind it | announced by | defined in |
|---|---|---|---|---|---|
";

/// The commands that lead from one state to another, or to the end.
fn arrow(from: State, to: Option<State>) -> Option<String> {
    let leads = |rule: &&Rule| rule.lawful_in(from) && rule.next(from) == to;
    let commands: Vec<_> = RULES.iter().filter(leads).map(|rule| rule.keyword.as_str()).collect();
    let to = to.map_or("[*]".into(), |state| state.to_string());
    (!commands.is_empty()).then(|| format!("    {from} --> {to}: {}\n", commands.join(", ")))
}

fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Line => "one line",
        Shape::Listing => "listing",
        Shape::Message => "message",
        Shape::Exchange => "challenges, then one line",
        other => panic!("{other:?} has no name here"),
    }
}

fn row(rule: &Rule) -> String {
    let states: Vec<String> = rule.states.iter().map(State::to_string).collect();
    let reply = match (shape(rule.bare), shape(rule.with_argument)) {
        (bare, with) if bare == with => bare.into(),
        (bare, with) => format!("{bare}; with an argument, {with}"),
    };
    let behind = match rule.behind {
        Behind::Nothing => "nothing",
        _ => "anything",
    };
    format!(
        "| {} | {} | {reply} | {behind} | {} | {} |\n",
        rule.keyword,
        states.join(", "),
        rule.capability.unwrap_or("-"),
        rule.source,
    )
}

fn drawing() -> String {
    let mut page = String::from(HEAD);
    page += "\n```mermaid\nstateDiagram-v2\n    [*] --> AUTHORIZATION: greeting\n";
    let ends = STATES.map(Some).into_iter().chain([None]);
    let arrows = STATES.into_iter().flat_map(|from| ends.clone().map(move |to| (from, to)));
    page.extend(arrows.filter_map(|(from, to)| arrow(from, to)));
    page += "    UPDATE --> [*]: what is marked has been removed\n```\n";
    page += TABLE;
    for rule in &RULES {
        page.write_str(&row(rule)).unwrap();
    }
    page
}

#[test]
fn the_page_shows_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/states.md");
    if std::env::var_os("REDRAW").is_some() {
        std::fs::write(path, drawing()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        page == drawing(),
        "docs/states.md differs from the table in src/state.rs; draw it again by\n    \
         REDRAW=1 cargo test -p pop3-proto --test states_drawing",
    );
}
