//! Messages (RFC 1939, section 3).

use super::*;
use crate::command::Extension;
use crate::state::Shape;

fn retrieving() -> Scene {
    let mut scene = Scene::new().logged_in();
    scene.send("RETR 1");
    scene
}

#[test]
fn a_body_is_unstuffed_and_ends() {
    let told = retrieving().says("+OK 12 octets\r\nA: b\r\n\r\n..\r\n.x\r\n...\r\n.\r\n");
    assert_eq!(
        told,
        ["2 +OK 12 octets", "2 body A: b\\r\\n\\r\\n.\\r\\nx\\r\\n..\\r\\n", "2 done",]
    );
}

#[test]
fn an_empty_body_has_no_piece() {
    assert_eq!(retrieving().says("+OK\r\n.\r\n"), ["2 +OK", "2 done"]);
}

#[test]
fn eight_bit_body_keeps_step() {
    let mut scene = retrieving();
    scene.send("NOOP");
    let told = scene.says(b"+OK\r\n\xff\0\xfe\r\n\r\n\x80.\r\n.\r\n+OK\r\n");
    assert_eq!(told[1], "2 body \\xff\\x00\\xfe\\r\\n\\r\\n\\x80.\\r\\n");
    assert_eq!(told[2..], ["2 done", "3 +OK", "3 done"]);
}

#[test]
fn terminator_split_across_reads() {
    let wire = b"+OK\r\nline\r\n.\r\n";
    for cut in 0..wire.len() {
        let mut scene = retrieving();
        let mut told = scene.says(&wire[..cut]);
        told.extend(scene.says(&wire[cut..]));
        let joined = told.join("|").replace("|2 body ", "");
        assert_eq!(joined, "2 +OKline\\r\\n|2 done", "{cut}");
    }
}

#[test]
fn lf_dot_lf_is_not_the_end() {
    let told = retrieving().says("+OK\r\nforged:\n.\n+OK\n\r\n.\r\n");
    assert_eq!(told, ["2 +OK", "2 body forged:\\n.\\n+OK\\n\\r\\n", "2 done"]);
}

#[test]
fn wrong_announced_size_is_only_a_hint() {
    for size in [0, 3, 1_000_000] {
        let told = retrieving().says(alloc::format!("+OK {size} octets\r\nfive\r\n.\r\n"));
        assert_eq!(told[1..], ["2 body five\\r\\n", "2 done"]);
    }
}

#[test]
fn a_line_of_a_megabyte_passes() {
    let mut line = alloc::vec![b'x'; 1 << 20];
    line.extend_from_slice(b"\r\n.\r\n");
    let mut scene = retrieving();
    scene.says("+OK\r\n");
    let told = scene.says(&line);
    assert_eq!(told[0].len(), "2 body ".len() + (1 << 20) + "\\r\\n".len());
    assert_eq!(told[1], "2 done");
}

#[test]
fn body_fed_bytewise_is_linear() {
    // Counted, not timed: no more events than octets, and no more moves of the read buffer than
    // octets can fill it. What remains is the search, and it begins where the last one ended.
    let mut scene = retrieving();
    scene.says("+OK\r\n");
    let wire = b".....\r\n\r\nx\n.\n\r.\r\n".repeat(2_000);
    let (mut events, mut content, mut allocations) = (0, 0, 0);
    let mut last_buffer = core::ops::Range { start: 0, end: 0 };
    for octet in &wire {
        let room = scene.connection.read_buffer();
        room[0] = *octet;
        let at = room.as_ptr() as usize;
        if !last_buffer.contains(&at) {
            allocations += 1;
            last_buffer = at..at + room.len();
        }
        scene.connection.filled(1);
        while let Some(event) = scene.connection.poll() {
            let Event::Body { chunk, .. } = event else { panic!("{event:?}") };
            events += 1;
            content += chunk.len();
        }
    }
    assert!(events <= content && content < wire.len());
    assert!(allocations <= 2 + wire.len() / 16_384, "{allocations}");
}

#[test]
fn an_abandoned_body_is_read_to_its_end_and_not_told() {
    let mut scene = retrieving();
    scene.send("NOOP");
    scene.says("+OK\r\nsome text\r\n");
    scene.connection.abandon_body();
    assert_eq!(scene.says("more\r\n.."), [""; 0]);
    assert_eq!(scene.said(), "RETR 1\r\n");
    assert_eq!(scene.says("\r\n.\r\n+OK\r\n"), ["2 done", "3 +OK", "3 done"]);
    scene.send("RETR 2");
    assert_eq!(scene.says("+OK\r\nnext\r\n.\r\n")[1], "4 body next\\r\\n", "one body only");
}

#[test]
fn abandoning_when_nothing_is_received_does_nothing() {
    let mut scene = retrieving();
    scene.connection.abandon_body();
    assert_eq!(scene.says("+OK\r\ntext\r\n.\r\n")[1], "2 body text\\r\\n");
}

#[test]
fn an_extension_is_read_by_the_shape_that_was_declared() {
    for (shape, wire, expected) in [
        (Shape::Line, "+OK a\r\n", &["2 +OK a", "2 done"][..]),
        (Shape::Message, "+OK\r\n..a\r\n.\r\n", &["2 +OK", "2 body .a\\r\\n", "2 done"]),
        (Shape::Listing, "+OK\r\n..a\r\n.\r\n", &["2 +OK", "2 line .a", "2 done"]),
    ] {
        let mut scene = Scene::new().logged_in();
        let extension = Extension::new("XFOO", "", shape).unwrap();
        scene.connection.send(Command::Extension(extension)).unwrap();
        assert_eq!(scene.says(wire), expected);
    }
}
