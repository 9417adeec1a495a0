"""Collects a maildrop by Python's poplib: port, directory, security, method,
password, whom to trust."""

import pathlib
import poplib
import ssl
import sys

# poplib refuses lines of more than 2,048 octets, for which this is its own remedy.
poplib._MAXLINE = 1_000_000

port, directory = int(sys.argv[1]), pathlib.Path(sys.argv[2])
security, method, password, trusted = *sys.argv[3:6], sys.argv[6:]
if security == "implicit":
    context = ssl.create_default_context(cafile=trusted[0])
    session = poplib.POP3_SSL("localhost", port, timeout=60, context=context)
else:
    session = poplib.POP3("localhost", port, timeout=60)
    if security == "stls":
        session.stls(ssl.create_default_context(cafile=trusted[0]))
if method == "apop":
    session.apop("mark", password)
else:
    session.user("mark")
    session.pass_(password)

count, octets = session.stat()
listing = [int(line.split()[1]) for line in session.list()[1]]
unique_ids = session.uidl()[1]
assert count == len(listing) == len(unique_ids) == len(set(unique_ids))
assert octets == sum(listing)

for number, announced in enumerate(listing, 1):
    _, lines, _ = session.retr(number)
    content = b"".join(line + b"\r\n" for line in lines)
    assert len(content) == announced, f"{number}: {announced} announced, {len(content)} came"
    directory.joinpath(str(number)).write_bytes(content)

session.quit()
