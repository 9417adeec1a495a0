//! The faults, one a requirement, and which case must notice each.

/// A fault, what it breaks, and what must notice it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The fault.
    pub fault: Fault,
    /// The id of the requirement that a client with this fault does not keep.
    pub requirement: &'static str,
    /// The id of the case that must fail then.
    pub case: &'static str,
    /// The case that is played to it, when what fails is a watch.
    pub within: &'static str,
}

/// One list makes both the enum and the table, so that they cannot differ:
/// `Fault: "requirement" => "case";`, with `in "case"` behind a watch.
macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $fault:ident: $requirement:literal => $case:literal $(in $within:literal)?;)+) => {
        /// Something that a client does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $($(#[doc = $doc])+ $fault,)+
        }

        /// Every fault, once.
        pub const FAULTS: &[Entry] = &[
            $(Entry {
                fault: Fault::$fault,
                requirement: $requirement,
                case: $case,
                within: concat!($($within)?),
            },)+
        ];
    };
}

faults! {
    // RFC 1939: how commands are said.
    /// CAPA is said before the greeting.
    SpeaksFirst: "1939-3-client-waits-greeting" => "rfc1939/late-greeting";
    /// Lines end in LF.
    LinesEndInLf: "1939-3-command-crlf" => "commands/end-in-crlf" in "rfc1939/three-letters";
    /// STAT has a trailing space.
    TrailingSpace: "1939-3-single-space" => "commands/single-spaces" in "rfc1939/three-letters";
    /// A command has eight letters.
    LongKeyword: "1939-3-keyword-3-4" => "commands/keywords" in "rfc1939/three-letters";
    /// A command has an octet beyond ASCII.
    BeyondAscii: "1939-3-printable-ascii" => "commands/printable" in "rfc1939/three-letters";
    /// Numbers are written in hexadecimal digits.
    HexNumbers: "1939-4-numbers-decimal" => "commands/decimal-numbers" in "rfc1939/three-letters";
    /// One letter more is asked for than there is.
    AsksForOneMore: "1939-4-numbers-decimal" => "commands/numbers-of-the-listing" in "rfc1939/three-letters";
    /// STAT and LIST go together, whatever CAPA says.
    PipelinesUnlisted: "2449-6.6-pipe-only-if-listed" => "rfc1939/slow-replies";
    /// STAT goes behind PASS.
    TalksBehindPass: "1939-3-lockstep" => "rfc1939/slow-login";
    /// STAT is asked before the login.
    AsksBeforeLogin: "1939-3-must-identify" => "commands/login-first" in "rfc1939/three-letters";
    /// CAPA comes between USER and PASS.
    CapaBehindUser: "1939-7-user-plus-then" => "commands/pass-behind-user" in "rfc1939/three-letters";
    /// PASS follows a USER that was refused.
    PassAfterRefusal: "1939-7-user-minus-then" => "rfc1939/user-refused";

    // RFC 1939: replies and their ends.
    /// A status indicator without a space behind it is none.
    WantsText: "1939-3-status-alone-legal" => "rfc1939/status-alone";
    /// What one read gives is a line.
    OneReadIsALine: "1939-3-end-only-at-line-start" => "framing/octet-by-octet";
    /// Stuffed dots stay.
    KeepsDots: "1939-3-unstuff" => "framing/dots";
    /// Both of two dots go.
    TakesTwoDots: "1939-3-unstuff" => "framing/dots";
    /// A line that ends in a dot ends the letter.
    AnyFinalDotEnds: "1939-3-end-only-at-line-start" => "framing/dots";
    /// A dot between two LF ends the letter.
    LfDotLfEnds: "5321-4.1.1.4-lf-dot-lf" => "framing/lf-dot-lf";
    /// A line that begins with one dot ends the letter.
    AnyFirstDotEnds: "1939-3-end-detect" => "framing/unstuffed-dot";
    /// A blank line ends the letter.
    BlankLineEnds: "1939-3-end-only-at-line-start" => "framing/blank-lines-at-the-end";
    /// NUL ends the letter's line.
    NulEnds: "1939-3-end-detect" => "framing/nul";
    /// Octets beyond ASCII become question marks.
    AsciiOnly: "1939-3-unstuff" => "framing/octets-beyond-ascii";
    /// Lines are cut at 512 octets.
    CutsLines: "5321-4.5.3.1.6-line-1000" => "framing/line-of-998";
    /// So are they at 64 KiB.
    CutsVeryLongLines: "5322-2.1.1-line-998" => "framing/line-of-a-mebibyte";
    /// The end of the connection ends a letter.
    CutLetterIsWhole: "1939-3-end-detect" => "framing/a-letter-cut-short";
    /// So many octets are read as LIST announced.
    TrustsSizes: "1939-11-size-client" => "listings/sizes-too-small";
    /// An empty listing has no end.
    EmptyListingHangs: "1939-3-end-detect" => "rfc1939/empty-maildrop";
    /// A refused RETR is read up to a final dot.
    RefusalHasLines: "1939-3-negative-single-line" => "rfc1939/letter-refused";
    /// A letter that was refused is deleted.
    DeletesTheRefused: "1939-3-negative-single-line" => "rfc1939/letter-refused";
    /// A letter that was refused is forgotten.
    ForgetsTheRefused: "1939-9-text-insignificant" => "rfc1939/letter-refused-is-told";
    /// The end of the connection is waited out.
    HangsAtTheEnd: "1939-3-end-detect" => "rfc1939/closed-behind-the-login";
    /// The end of the connection is an empty maildrop.
    EndIsAnEmptyMaildrop: "1939-3-end-detect" => "rfc1939/closed-behind-the-login";
    /// A greeting of -ERR is as good as one of +OK.
    AnyGreeting: "1939-4-greeting-negative" => "rfc1939/greeting-refuses";
    /// Whatever begins with + is a success.
    AnyPlusIsOk: "1939-3-must-identify" => "hostile/other-indicator";
    /// A refused login is none to care about.
    AnyLogin: "1939-3-must-identify" => "rfc1939/login-refused";
    /// The session ends without QUIT.
    NoQuit: "1939-6-client-sends-quit" => "commands/quit-behind-dele" in "rfc1939/three-letters";
    /// The reply to QUIT is not looked at.
    AnyGoodbye: "1939-6-client-quit-err" => "rfc1939/quit-refused";
    /// The end of the connection in place of the reply to QUIT is a success.
    NoGoodbyeAwaited: "1939-6-client-quit-err" => "cuts/quit-unanswered";

    // RFC 1939: listings.
    /// A line of LIST has two words.
    TwoWordsInList: "1939-5-list-tolerate-extra" => "listings/extra-text";
    /// The lines of LIST come in order.
    ListInOrder: "1939-5-list-order" => "listings/shuffled";
    /// The status line of LIST tells how many lines follow.
    CountInTheStatus: "1939-5-list-ok-text-ignored" => "rfc1939/status-with-odd-text";
    /// What cannot be read in LIST is skipped.
    SkipsOddLines: "1939-4-numbers-decimal" => "listings/sizes-that-are-none";
    /// Without UIDL there are no letters.
    NeedsUidl: "1957---optional-not-assumed" => "listings/uidl-refused";
    /// Unique-ids that differ in the case of letters are one.
    UidlInAnyCase: "1939-7-uidl-opaque" => "listings/uidl-letter-case";
    /// Of letters with the same unique-id one is collected.
    OneOfEachUniqueId: "1939-7-uidl-client-dups" => "listings/uidl-twice-the-same";
    /// A unique-id is the name of a file.
    UniqueIdIsAPath: "1939-7-uidl-opaque" => "listings/uidl-that-is-a-path";

    // RFC 2449.
    /// A refused CAPA ends the session.
    NeedsCapa: "2449-5-capa-err" => "capabilities/refused";
    /// Capabilities are looked for in capitals.
    TagsInCapitals: "2449-5-tags-nocase" => "capabilities/any-letter-case";
    /// An unknown capability ends the session.
    KnowsAllCapabilities: "2449-5-unknown-capability" => "capabilities/unknown";
    /// PIPELINING is found wherever it stands.
    PipeliningAnywhere: "2449-6.9-impl-no-behaviour" => "capabilities/implementation";
    /// A bracket behind +OK is a refusal.
    AnyBracketIsACode: "2449-6.4-no-respcodes-no-parse" => "login/brackets-without-resp-codes";
    /// A line longer than 255 octets is said.
    LongLines: "2449-4-client-255" => "login/initial-response-too-long";

    // Logging in.
    /// A password is said without the spaces around it.
    TrimsPassword: "1939-7-pass-spaces-client" => "rfc1939/password-with-spaces";
    /// A password may have a line end.
    AnyPassword: "1939-3-command-crlf" => "rfc1939/password-with-a-line-end";
    /// Whatever is in angle brackets is a timestamp.
    AnyTimestamp: "1939-7-apop-validate-msgid" => "rfc1939/apop-without-a-host";
    /// APOP's digest has capitals.
    ApopInCapitals: "1939-7-apop-hex-lower" => "login/apop" in "rfc1939/apop";
    /// APOP's digest is made without the angle brackets.
    ApopWithoutBrackets: "1939-7-apop-client-verbatim" => "login/apop" in "rfc1939/apop";
    /// USER is tried whatever is listed.
    UserUnlisted: "2449-6.2-user-unlisted" => "login/plain-alone";
    /// AUTH is tried whatever is listed.
    AuthUnlisted: "5034-3-no-auth-unlisted" => "login/sasl-unlisted";
    /// PLAIN says the name twice.
    PlainWithAuthzid: "4616-2-no-authzid" => "login/plain" in "login/plain-alone";
    /// An initial response is given to CRAM-MD5.
    CramAtOnce: "2195-2-server-first" => "login/cram-md5-waits" in "login/cram-md5-alone";
    /// CRAM-MD5's digest has capitals.
    CramInCapitals: "2195-2-hex-lower" => "login/cram-md5" in "login/cram-md5-alone";
    /// CRAM-MD5's key is cut at 64 octets.
    CramKeyCut: "2195-2-long-key" => "login/secret-of-more-than-64-octets";
    /// A challenge of + alone is an error.
    PlusNeedsSpace: "5034-4-tolerate-plus-only" => "login/plus-alone";
    /// A challenge that is not Base64 is answered all the same.
    AnyChallenge: "5034-4-bad-base64-client" => "login/challenge-that-is-no-base64";
    /// Odd octets of a challenge are skipped.
    SkipsOddOctets: "5034-4-strict-alphabet" => "login/challenge-with-blanks";
    /// An exchange is given up without a word.
    NoCancel: "5034-4-cancel" => "login/challenge-padded-in-the-middle";

    // TLS.
    /// Without STLS, everything goes on in clear text.
    TlsWhereListed: "2595-9-strip-attack" => "tls/stls-hidden";
    /// When STLS is refused, everything goes on in clear text.
    TlsWhereTaken: "2595-2.5-check-result" => "tls/stls-refused";
    /// CAPA goes behind STLS.
    TalksBehindStls: "2595-4-client-waits" => "tls/nothing-behind-stls" in "rfc1939/three-letters";
    /// What came in clear text is read within TLS.
    KeepsClearText: "2595-4-no-injected-replies" => "tls/a-reply-injected";
    /// What was listed in clear text is true within TLS.
    KeepsCapabilities: "2595-4-client-discards" => "tls/mechanisms-forgotten";
    /// CAPA is not asked again within TLS.
    NoCapaInTls: "2595-4-client-reissues" => "tls/capa-again" in "rfc1939/three-letters";
    /// Any certificate is good whoever has signed it.
    AnyAuthority: "8314-5-no-unvalidated" => "tls/unknown-authority";
    /// Any certificate is good for any name.
    AnyName: "2595-2.4-must-check" => "tls/another-name";
    /// Certificates do not expire.
    AnyTime: "8314-5.3-rfc7817-pkix" => "tls/expired";
    /// A certificate is for whatever it is used for.
    AnyPurpose: "8314-5.3-rfc7817-pkix" => "tls/for-clients";
    /// TLS ends without its alert.
    NoAlert: "8314-3.4-close-alert" => "tls/goodbye" in "rfc1939/three-letters";
}
