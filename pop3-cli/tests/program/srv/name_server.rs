//! A name server on loopback that knows a few SRV records.

use std::net::{SocketAddr, UdpSocket};
use std::thread::JoinHandle;

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, Record};

/// A record of example.org: service, priority, target, port.
pub(super) type Known<'a> = (&'a str, u16, &'a str, u16);

/// Answers until it is dropped.
pub(super) struct NameServer {
    pub(super) address: SocketAddr,
    answering: Option<JoinHandle<()>>,
}

impl NameServer {
    pub(super) fn knowing(records: &[Known<'_>]) -> Self {
        Self::answering(records, ResponseCode::NXDomain)
    }

    /// One that is out of order and says so.
    pub(super) fn failing() -> Self {
        Self::answering(&[], ResponseCode::ServFail)
    }

    fn answering(records: &[Known<'_>], otherwise: ResponseCode) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let record = |(service, priority, target, port): &Known<'_>| {
            let data = RData::SRV(SRV::new(*priority, 0, *port, name(target)));
            Record::from_rdata(name(&format!("{service}._tcp.example.org.")), 60, data)
        };
        let records: Vec<_> = records.iter().map(record).collect();
        let answering = std::thread::spawn(move || {
            let mut datagram = [0; 4_096];
            loop {
                let (length, peer) = socket.recv_from(&mut datagram).unwrap();
                // Nothing at all is how it is told to stop.
                let Some(question) = datagram.get(..length).filter(|octets| !octets.is_empty())
                else {
                    return;
                };
                let answer = answer(&Message::from_vec(question).unwrap(), &records, otherwise);
                socket.send_to(&answer.to_vec().unwrap(), peer).unwrap();
            }
        });
        Self { address, answering: Some(answering) }
    }
}

fn answer(question: &Message, records: &[Record], otherwise: ResponseCode) -> Message {
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.add_queries(question.queries.iter().cloned());
    let asked = &question.queries[0].name;
    answer.add_answers(records.iter().filter(|record| record.name == *asked).cloned());
    if answer.answers.is_empty() {
        answer.metadata.response_code = otherwise;
    }
    answer
}

impl Drop for NameServer {
    fn drop(&mut self) {
        let stop = UdpSocket::bind("127.0.0.1:0").unwrap();
        stop.send_to(&[], self.address).unwrap();
        let answered = self.answering.take().unwrap().join();
        if !std::thread::panicking() {
            answered.unwrap();
        }
    }
}
