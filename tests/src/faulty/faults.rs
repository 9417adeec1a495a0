//! The faults, one a requirement, and which case must notice each.

/// A fault, what it breaks, and what must notice it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The fault.
    pub fault: Fault,
    /// The id of the requirement that a server with this fault does not keep.
    pub requirement: &'static str,
    /// The id of the case that must fail then.
    pub case: &'static str,
}

/// One list makes both the enum and the table, so that they cannot differ:
/// `Fault: "requirement" => "case";`
macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $fault:ident: $requirement:literal => $case:literal;)+) => {
        /// Something that a server does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $($(#[doc = $doc])+ $fault,)+
        }

        /// Every fault, once.
        pub const FAULTS: &[Entry] = &[
            $(Entry { fault: Fault::$fault, requirement: $requirement, case: $case },)+
        ];
    };
}

faults! {
    // RFC 1939: lines and replies.
    /// After three connections the greeting comes only when the client has sent something.
    GreetingWaits: "1939-3-greeting-unprompted" => "1939-3/greeting-unprompted";
    /// The greeting has a second line.
    GreetingOfTwoLines: "1939-4-greeting-one-line" => "1939-3/greeting-unprompted";
    /// Keywords in small letters are unknown.
    KeywordsInCapitalsOnly: "1939-3-keyword-nocase" => "1939-3/keyword-in-any-case";
    /// What came in one segment is a command, whether there is a line end or not.
    SegmentsAreCommands: "1939-3-command-ends-crlf" => "1939-3/command-in-pieces";
    /// User names over 20 octets end the session.
    ArgumentsShort: "1939-3-arg-40" => "1939-3/argument-of-forty";
    /// STAT is answered `+ok`.
    StatusInSmallLetters: "1939-3-status-upper" => "1939-3/two-indicators";
    /// Unknown commands are answered `+ERR`.
    ThirdIndicator: "1939-3-two-indicators" => "1939-3/two-indicators";
    /// The refusal of an unknown command has no space behind `-ERR`.
    NoSpaceAfterStatus: "1939-3-response-shape" => "1939-3/two-indicators";
    /// The refusal of an unknown command ends in a bare LF.
    ReplyEndsInLf: "1939-3-response-crlf" => "1939-3/crlf-everywhere";
    /// The refusal of an unknown command repeats it three times, however long it is.
    RepeatsCommand: "1939-3-line-512" => "1939-3/status-line-of-512";
    /// LIST of one message is answered twice.
    AnswersTwice: "1939-3-lockstep" => "1939-3/one-reply-for-each-command";
    /// An empty line gets no reply.
    EmptyLineSilent: "1939-5-response-each" => "1939-3/empty-line";
    /// Multi-line replies end in `.` and a bare LF.
    EndsInDotLf: "1939-3-multiline-end" => "1939-3/multi-line-replies";
    /// RETR sends the final dot twice.
    FinalDotTwice: "1939-3-multiline-end-exact-once" => "1939-3/terminator-once";
    /// RETR sends lines that begin with a dot as they are.
    RetrUnstuffed: "1939-3-stuff" => "1939-3/dots-are-stuffed";
    /// TOP sends lines that begin with a dot as they are.
    TopUnstuffed: "1939-7-top-stuff" => "1939-3/dots-are-stuffed-in-top";
    /// The refusal of RETR is followed by a line with a dot.
    RefusalOfManyLines: "1939-3-negative-single-line" => "1939-3/negative-is-one-line";
    /// Replies are `+OK` and nothing else.
    NoText: "1957---space-kind" => "1957/text-behind-the-indicator";

    // RFC 1939: commands out of place.
    /// Unknown commands are answered `+OK`.
    UnknownCommandOk: "1939-3-err-unknown" => "1939-3/unknown-command";
    /// The session ends when a message is asked for that is not there.
    RefusalEndsSession: "1939-3-err-session-survives" => "1939-3/survives-an-error";
    /// USER after login is answered `+OK`.
    UserAfterLogin: "1939-3-err-wrong-state" => "1939-3/login-within-a-session";
    /// STAT before login is answered `+OK 0 0`.
    StatBeforeLogin: "1939-5-stat-state" => "1939-5/stat-before-login";
    /// NOOP before login is answered `+OK`.
    NoopBeforeLogin: "1939-5-noop-state" => "1939-5/noop-before-login";
    /// NOOP is unknown.
    NoopUnknown: "1939-5-noop" => "1939-5/noop";
    /// NOOP takes arguments.
    NoopWithArguments: "1939-5-noargs-commands" => "1939-5/no-arguments";
    /// QUIT before login is refused.
    QuitBeforeLoginRefused: "1939-4-quit-unauth" => "1939-4/quit-before-login";
    /// The connection stays open after QUIT.
    OpenAfterQuit: "1939-3-close-after-quit" => "1939-3/closes-after-quit";

    // RFC 1939: the lock on the maildrop.
    /// Two sessions have the same maildrop, and what one removes the other misses.
    NoLock: "1939-4-lock-exclusive" => "1939-4/second-session";
    /// USER alone locks the maildrop.
    UserLocks: "1939-3-resources-after-auth" => "1939-3/resources-after-login";
    /// A refused PASS leaves the maildrop locked while the connection lasts.
    RefusalLocks: "1939-4-unlock-on-refusal" => "1939-4/refusal-holds-nothing";
    /// The maildrop stays locked for three seconds after QUIT.
    LockedAfterQuit: "1939-3-update-releases" => "1939-3/quit-releases";
    /// Marks outlive a session that ends without QUIT.
    MarksOutlive: "1939-4-clean-start" => "1939-4/clean-start";
    /// After a refused login all further ones are refused, too.
    NoSecondLogin: "1939-4-retry-after-refusal" => "1939-4/again-after-a-refusal";

    // RFC 1939: numbers and sizes.
    /// Messages are counted from 0.
    CountsFromZero: "1939-4-numbers-from-1" => "1939-4/numbered-from-one";
    /// Messages behind a marked one move up.
    Renumbers: "1939-4-numbers-fixed" => "1939-4/numbers-are-fixed";
    /// `+1` is a number.
    NumberWithPlus: "1939-4-numbers-decimal" => "1939-3/number-with-a-sign";
    /// `1x` is a number.
    NumberWithRest: "1939-3-err-syntax" => "1939-3/bad-number";
    /// Numbers are those of 32 bits: 4294967297 is 1.
    NumbersWrap: "1939-5-list-nosuch" => "1939-3/bad-number";
    /// A second LIST shows greater sizes than the first.
    SizesGrow: "1939-4-sizes-noted" => "1939-4/sizes-are-settled";
    /// Sizes count one octet for a line end.
    SizesCountLf: "1939-11-size-crlf" => "1939-11/size-on-the-wire";
    /// Sizes count the dots of byte-stuffing.
    SizesCountStuffing: "1939-11-size-no-stuffing" => "1939-11/size-without-stuffing";

    // RFC 1939: STAT and LIST.
    /// STAT takes an argument.
    StatWithArgument: "1939-5-stat-noargs" => "1939-5/stat-has-no-argument";
    /// STAT answers in words: `+OK 2 messages (320 octets)`.
    StatInWords: "1939-5-stat-format" => "1939-5/stat-form";
    /// STAT has a third number.
    StatSaysMore: "1939-5-stat-nothing-more" => "1939-5/stat-and-nothing-more";
    /// STAT counts marked messages.
    StatCountsMarked: "1939-5-stat-excludes-deleted" => "1939-5/stat-without-the-marked";
    /// STAT is refused for an empty maildrop.
    StatEmptyRefused: "1939-5-stat-empty" => "1939-5/stat-of-nothing";
    /// The number in STAT counts letters that came after login.
    StatCountsNewMail: "1939-8-no-new-mail" => "1939-8/new-mail-is-not-seen";
    /// STAT says the sizes of the first message alone.
    StatSumWrong: "1939-5-stat-sum" => "1939-5/stat-is-the-sum";
    /// LIST with an argument shows all messages.
    ListIgnoresArgument: "1939-5-list-arg-single" => "1939-5/list-of-one";
    /// LIST with an argument shows the size without the number.
    ListWithoutNumber: "1939-5-list-format" => "1939-5/list-of-one";
    /// Lines of LIST say `octets` behind the size.
    ListSaysMore: "1939-5-list-nothing-more" => "1939-5/scan-listing-and-nothing-more";
    /// LIST shows marked messages.
    ListShowsMarked: "1939-5-list-excludes-deleted" => "1939-5/list-without-the-marked";
    /// LIST of a marked message is answered.
    ListOfMarked: "1939-5-list-deleted-arg" => "1939-5/list-of-a-marked-one";
    /// LIST is refused for an empty maildrop.
    ListEmptyRefused: "1939-5-list-empty-ok" => "1939-5/list-of-nothing";

    // RFC 1939: RETR, DELE, RSET, NOOP.
    /// RETR inserts a header field.
    RetrAddsHeader: "1939-5-retr-whole" => "1939-5/retr-of-the-whole";
    /// RETR sends stored line ends as they are.
    RetrBareLf: "1939-5-retr-crlf-lines" => "1939-5/retr-with-crlf";
    /// The final dot stands behind the last line when that was stored without a line end.
    RetrGluesDot: "1939-5-retr-final-crlf" => "1939-5/retr-without-a-final-line-end";
    /// Each message can be had once in a session.
    RetrOnce: "1939-5-repeatable" => "1939-5/in-any-order";
    /// QUIT removes whatever was retrieved.
    RetrRemoves: "1939-5-retr-keeps" => "1939-5/retr-keeps";
    /// The end of a session without QUIT removes whatever was retrieved.
    RetrRemovesAtHangUp: "1939-8-download-once-abort" => "1939-8/nothing-goes-with-a-hang-up";
    /// RETR of a message that is not there sends an empty one.
    RetrOfNone: "1939-5-retr-nosuch" => "1939-3/negative-is-one-line";
    /// DELE removes at once.
    DeleRemovesAtOnce: "1939-5-dele-marks" => "1939-5/dele-only-marks";
    /// DELE of a marked message is answered `+OK`.
    DeleTwice: "1939-5-dele-arg" => "1939-5/dele-twice";
    /// RETR sends marked messages.
    RetrOfMarked: "1939-5-dele-refs-fail" => "1939-5/marked-is-out-of-reach";
    /// RSET leaves the marks where they are.
    RsetKeepsMarks: "1939-5-rset-unmarks" => "1939-5/rset-unmarks";

    // RFC 1939: QUIT and the end of a session.
    /// QUIT removes nothing.
    QuitRemovesNothing: "1939-6-quit-enters-update" => "1939-6/quit-removes";
    /// QUIT removes the first of the marked messages alone.
    QuitRemovesOne: "1939-6-removes-all-marked" => "1939-6/removes-all-marked";
    /// QUIT removes letters that came after login, if it removes any.
    QuitRemovesNewMail: "1939-6-never-unmarked" => "1939-6/never-the-unmarked";
    /// QUIT is answered a second before anything is removed.
    QuitAnswersEarly: "1939-6-reply-after-removal" => "1939-6/reply-after-removal";
    /// The end of the connection removes what is marked.
    HangUpRemoves: "1939-6-no-quit-no-removal" => "1939-6/no-removal-without-quit";

    // RFC 1939: TOP.
    /// TOP with -1 lines sends the whole message.
    TopNegative: "1939-7-top-args" => "1939-7/top-negative";
    /// TOP with 0 lines sends the whole message.
    TopZeroSendsAll: "1939-7-top-zero" => "1939-7/top-of-no-lines";
    /// TOP sends one line too many.
    TopOneMore: "1939-7-top-content" => "1939-7/top-of-some-lines";
    /// TOP counts from the first line of the header on.
    TopCountsHeader: "1939-7-top-body-lines-only" => "1939-7/top-counts-the-body";
    /// TOP of more lines than there are is refused.
    TopTooManyRefused: "1939-7-top-too-many" => "1939-7/top-of-more-than-all";
    /// TOP sends marked messages.
    TopOfMarked: "1939-7-top-deleted" => "1939-7/top-of-a-marked-one";

    // RFC 1939: UIDL.
    /// UIDL with an argument has many lines.
    UidlOneOfManyLines: "1939-7-uidl-arg-single" => "1939-7/uidl-of-one";
    /// There are two spaces before the unique-id.
    UidlTwoSpaces: "1939-7-uidl-format" => "1939-7/unique-id-form";
    /// Unique-ids are 80 octets long.
    UidlLong: "1939-7-uidl-length" => "1939-7/unique-id-length";
    /// Unique-ids hold an octet above 127.
    UidlEightBit: "1939-7-uidl-chars" => "1939-7/unique-id-characters";
    /// All messages have the same unique-id.
    UidlSame: "1939-7-uidl-unique" => "1939-7/unique-ids-differ";
    /// Each session has unique-ids of its own.
    UidlOfSession: "1939-7-uidl-persist" => "1939-7/uidl-stays";
    /// A session that ends without QUIT changes the unique-ids.
    UidlChangesAtHangUp: "1939-7-uidl-persist-abort" => "1939-7/uidl-stays-after-a-hang-up";
    /// A new letter has the unique-id of one that was removed.
    UidlReused: "1939-7-uidl-no-reuse" => "1939-7/unique-id-of-the-dead";
    /// UIDL shows marked messages.
    UidlShowsMarked: "1939-7-uidl-excludes-deleted" => "1939-7/uidl-without-the-marked";
    /// UIDL of a marked message is answered.
    UidlOfMarked: "1939-7-uidl-deleted-arg" => "1939-7/uidl-of-a-marked-one";
    /// UIDL is refused for an empty maildrop.
    UidlEmptyRefused: "1939-7-uidl-empty" => "1939-7/uidl-of-nothing";

    // RFC 1939: USER, PASS, APOP.
    /// USER without a name is answered `+OK`.
    UserWithoutName: "1939-7-user-arg" => "1939-7/user-needs-a-name";
    /// USER refuses names that are not there.
    UserTellsUnknown: "1939-13-user-leak" => "1939-13/user-tells-nothing";
    /// A name holds until PASS, whatever comes between.
    PassMuchLater: "1939-7-pass-order" => "1939-7/pass-without-user";
    /// Anybody's password lets anybody in.
    PassOfOther: "1939-7-pass-pair" => "1939-7/pass-of-another";
    /// A name holds for a second PASS after a refused one.
    PassAgain: "1939-7-pass-fail-needs-user" => "1939-7/pass-needs-user-again";
    /// A password ends at its first space.
    PassCut: "1939-7-pass-spaces" => "1939-7/pass-takes-it-all";
    /// All greetings have the same timestamp.
    ApopStale: "1939-7-apop-fresh" => "1939-7/timestamps-differ";
    /// The timestamp has no `@`.
    ApopNoMsgId: "1939-7-apop-msgid-syntax" => "1939-7/timestamp-form";
    /// The digest is taken without the angle brackets.
    ApopOtherDigest: "1939-7-apop-digest" => "1939-7/apop-logs-in";
    /// Any digest will do.
    ApopAnyDigest: "1939-7-apop-err" => "1939-7/apop-of-a-wrong-secret";
    /// APOP does without a digest.
    ApopWithoutDigest: "1939-7-apop-args" => "1939-7/apop-needs-both";
    /// APOP after login is answered `+OK`.
    ApopAfterLogin: "1939-7-apop-state" => "1939-7/apop-after-login";

    // RFC 2449.
    /// The greeting has 600 octets.
    GreetingLong: "2449-3-greeting-512" => "2449-3/greeting-of-512";
    /// A text begins with a bracket, but not with a response code.
    BracketedText: "2449-3-bracket-reserved" => "2449-3/brackets-hold-codes";
    /// A response code has an empty level: `[AUTH/]`.
    EmptyCodeLevel: "2449-3-respcode-grammar" => "2449-3/levels-of-a-code";
    /// A capability has two spaces before its parameter.
    SpacesDoubled: "2449-3-param-nonempty" => "2449-5/one-space-each";
    /// A capability has a full stop in its tag.
    CapaTagWithDot: "2449-3-capa-tag-nodot" => "2449-3/tags-without-full-stops";
    /// Commands may have 100 octets.
    CommandsShort: "2449-4-command-255" => "2449-4/command-of-255";
    /// The rest of a line that is too long is a command.
    LongLineSplit: "2449-4-overlong-err" => "2449-4/overlong-command";
    /// CAPA is refused after login.
    CapaBeforeLoginOnly: "2449-5-capa-states" => "2449-5/capa-in-both-states";
    /// CAPA takes an argument.
    CapaWithArgument: "2449-5-capa-noargs" => "2449-5/capa-has-no-argument";
    /// USER is not listed after login.
    CapaForgetsUser: "2449-5-announce-both" => "2449-5/listed-in-both-states";
    /// CAPA answers in a single line.
    CapaInOneLine: "2449-5-capa-multiline" => "2449-5/capa-in-lines";
    /// A line of CAPA has 600 octets.
    CapaLongLine: "2449-5-capa-line-512" => "2449-5/capability-of-512";
    /// APOP is listed.
    CapaListsApop: "2449-6-no-apop-tag" => "2449-6/no-apop-in-capa";
    /// TOP is listed, and refused.
    TopListedAlone: "2449-6.1-top" => "2449-6.1/top-if-listed";
    /// USER works, and is not listed.
    UserUnlisted: "2449-6.2-user" => "2449-6.2/user-if-it-works";
    /// UIDL works, and is not listed.
    UidlUnlisted: "2449-6.8-uidl" => "2449-6.8/uidl-if-listed";
    /// IMPLEMENTATION does not say which.
    ImplementationOfNone: "2449-6.9-impl-tokens" => "2449-6.9/implementation-has-tokens";
    /// EXPIRE does not say when.
    ExpireWithoutDays: "2449-6.7-expire-arg" => "2449-6.7/expire-form";
    /// What came in one segment with a command is thrown away.
    PipelineDropped: "2449-6.6-pipe-accept" => "2449-6.6/batch";
    /// Of two commands in one segment the second is answered first.
    PipelineOutOfTurn: "2449-6.6-pipe-in-turn" => "2449-6.6/batch";
    /// Response codes are sent, and not announced.
    RespCodesUnlisted: "2449-8-respcode-advertise" => "2449-8/codes-are-announced";
    /// The response code stands at the end of the text.
    CodeAtTheEnd: "2449-8-respcode-place" => "2449-8/code-at-the-start";
    /// A wrong password for a locked maildrop is answered `[IN-USE]`.
    InUseForAnybody: "2449-8.1.2-in-use-where" => "2449-8.1.2/in-use-for-the-right-password";

    // RFC 2595 and RFC 8314.
    /// What came in clear text behind STLS is done in TLS.
    StlsInjection: "2595-4-no-injected-commands" => "2595-4/command-behind-stls";
    /// STLS works after login.
    StlsAfterLogin: "2595-4-stls-state" => "2595-4/stls-before-login-alone";
    /// STLS is listed in TLS.
    StlsListedInTls: "2595-4-stls-listed" => "2595-4/stls-not-listed-in-tls";
    /// STLS takes an argument.
    StlsWithArgument: "2595-4-stls-noargs" => "2595-4/stls-takes-no-argument";
    /// A name that was given before STLS holds after it.
    StlsKeepsUser: "2595-4-server-forgets" => "2595-4/name-before-stls-is-forgotten";
    /// After STLS the client is logged in.
    StlsLogsIn: "2595-4-stays-authorization" => "2595-4/stls-does-not-log-in";
    /// When something else than a handshake comes, the session goes on in clear text.
    StlsFallsBack: "2595-4-handshake-fail" => "2595-4/no-way-back-from-clear-text";
    /// PLAIN is offered in clear text, where USER is not.
    PlainInClear: "2595-6-plain-needs-encryption" => "2595-6/plain-not-in-clear";
    /// The port for TLS greets in clear text.
    GreetsBeforeTls: "8314-3.1-tls-first" => "8314-3.1/nothing-before-tls";
    /// TLS ends without an alert.
    NoCloseAlert: "8314-3.4-close-alert" => "8314-3.4/alert-before-the-end";
    /// STLS is listed, and refused.
    StlsHollow: "8314-4-no-hollow-stls" => "8314-4/stls-that-is-listed-works";
    /// A client certificate is asked for, which is of no use.
    AsksForCertificate: "8314-4.2-no-needless-request" => "8314-4.2/certificate-asked-for-in-earnest";

    // RFC 3206.
    /// The refusal of a password has no response code.
    NoAuthCode: "3206-6-auth-resp-code" => "3206-6/auth-of-a-wrong-password";
    /// Commands before login are refused with `[AUTH]`.
    AuthCodeElsewhere: "3206-5-auth-where" => "3206-5/auth-where";
    /// USER refuses names that are not there with `[AUTH]`.
    AuthCodeToUser: "3206-5-auth-not-user" => "3206-5/auth-not-to-user";
    /// AUTH-RESP-CODE is not listed after login.
    AuthRespCodeOnce: "3206-6-auth-resp-code-both" => "3206-6/auth-resp-code-in-both-states";
    /// A wrong password is a failure of the system: `[SYS/TEMP]`.
    SysForPassword: "3206-5-auth-meaning" => "3206-5/wrong-password-is-auth";
    /// A message that is not there is `[SYS/GONE]`.
    SysOfThirdKind: "3206-4-sys-second-level" => "3206-4/sys-has-two-kinds";
    /// A message that is not there is `[SYS/PERM]`.
    SysForMistake: "3206-4-sys-meaning" => "3206-4/sys-is-the-system";

    // RFC 5034.
    /// An unknown mechanism gets a challenge.
    AnyMechanism: "5034-4-unknown-mech" => "5034-4/unknown-mechanism";
    /// Mechanisms in small letters are unknown.
    MechanismsInCapitals: "5034-4-mech-nocase" => "5034-4/mechanism-in-any-case";
    /// AUTH after login gets a challenge.
    AuthAfterLogin: "5034-4-state" => "5034-4/auth-before-login-alone";
    /// AUTH does not care for the lock.
    AuthTakesNoLock: "5034-4-lock" => "5034-4/auth-takes-the-maildrop";
    /// SASL is not listed after login.
    SaslGoneAfterLogin: "5034-3-sasl-after-auth" => "5034-3/sasl-listed-after-auth";
    /// The empty challenge has no space: `+`.
    ChallengeWithoutSpace: "5034-4-challenge-form" => "5034-4/challenges-are-base64";
    /// Text stands behind a challenge.
    ChallengeWithText: "5034-4-challenge-only" => "5034-4/challenges-are-base64";
    /// The empty challenge is a text: `+ go ahead`.
    EmptyChallengeWithText: "5034-4-empty-challenge-form" => "5034-4/nothing-in-an-empty-challenge";
    /// PLAIN without an initial response is refused.
    InitialResponseOnly: "5034-4-empty-challenge" => "5034-4/empty-challenge";
    /// `*` gets one more challenge.
    CancelIgnored: "5034-4-cancel-reject" => "5034-4/cancelled";
    /// `=` is no initial response.
    EqualsIsNothing: "5034-4-ir-empty-server" => "5034-4/empty-initial-response";
    /// An initial response is ignored where the server speaks first.
    InitialResponseIgnored: "5034-4-ir-unsupported" => "5034-4/initial-response-where-the-server-speaks-first";
    /// What is no Base64 gets one more challenge.
    BadBase64Again: "5034-4-bad-base64-server" => "5034-4/no-base64";
    /// Characters that are no Base64 are skipped.
    Base64Skips: "5034-4-strict-alphabet" => "5034-4/no-base64-among-base64";
    /// Base64 ends at its first `=`, whatever follows.
    Base64PaddingInside: "5034-4-pad-at-end" => "5034-4/padding-at-the-end-alone";
    /// Responses may have 1,000 octets.
    ResponsesShort: "5034-4-long-lines" => "5034-4/long-responses";
    /// AUTH PLAIN lets in with any password.
    PlainAnyPassword: "5034-4-auth-fail" => "5034-4/wrong-password";
    /// The last message of SCRAM comes with `+OK`.
    DataWithOk: "5034-4-no-data-with-ok" => "5034-4/no-data-behind-ok";
    /// After a refused AUTH there is no other login.
    NoLoginAfterAuth: "5034-4-retry" => "5034-4/usual-login-after-a-failure";

    // The mechanisms.
    /// PLAIN: an authorization identity is not looked at.
    PlainForOthers: "4616-2-verify-both" => "4616-2/for-another";
    /// PLAIN: what follows a third NUL is not looked at.
    PlainThirdNul: "4616-2-nul-count-server" => "4616-2/three-nuls";
    /// CRAM-MD5: the challenge is no msg-id.
    CramNoMsgId: "2195-2-challenge" => "2195-2/challenge-like-a-message-id";
    /// CRAM-MD5: the challenge is always the same.
    CramStale: "2195-2-challenge-fresh" => "2195-2/challenges-are-new";
    /// CRAM-MD5: any digest will do.
    CramAnyDigest: "2195-2-digest" => "2195-2/another-digest";
    /// SCRAM: a first message may begin with any letter.
    ScramAnyHeader: "5802-5-first-char" => "5802-5/header-of-another-letter";
    /// SCRAM: an authorization identity is not looked at.
    ScramForOthers: "5802-5.1-a-authorised" => "5802-5.1/for-another";
    /// SCRAM: `=` and two digits in a name stand for an octet, whichever that is.
    ScramAnyEscape: "5802-5.1-n-bad-escape" => "5802-5.1/escapes-that-are-none";
    /// SCRAM: an extension that must be understood is ignored.
    ScramIgnoresMandatory: "5802-5.1-m-reserved" => "5802-5.1/mandatory-extension";
    /// SCRAM: extensions that may be ignored are refused.
    ScramRefusesExtensions: "5802-5.1-ext-optional" => "5802-5.1/optional-extensions";
    /// SCRAM: the nonce adds the same to the client's each time.
    ScramStale: "5802-5.1-r-unique" => "5802-5.1/nonces-are-new";
    /// SCRAM: the nonce of the last message is not looked at.
    ScramAnyNonce: "5802-5.1-r-server-check" => "5802-5.1/another-nonce";
    /// SCRAM: the channel binding of the last message is not looked at.
    ScramAnyBinding: "5802-6-validate-c" => "5802-6/another-header-at-the-end";
    /// SCRAM: a client that binds to the channel is let in, although the server cannot.
    ScramBindsToNothing: "5802-6-p-unsupported" => "5802-6/bound-by-nothing";
    /// SCRAM: 1,000 iterations.
    ScramFewIterations: "7677-3-i-4096" => "7677-3/iterations-for-sha-256";
    /// SCRAM: unknown users are refused at the first message.
    ScramTellsUnknown: "5802-9-no-user-oracle" => "5802-9/users-that-are-not-there";
    /// OAUTHBEARER is offered in clear text.
    BearerInClear: "7628-3-tls" => "7628-3/oauthbearer-in-tls-alone";
    /// OAUTHBEARER: unknown keys are refused.
    BearerUnknownKeys: "7628-3.1-unknown-keys" => "7628-3.1/unknown-keys";
    /// OAUTHBEARER: any token will do.
    BearerAnyToken: "7628-3.2-validate-first" => "7628-3.2/wrong-token";
    /// OAUTHBEARER: one's own token lets in to anybody's maildrop.
    BearerForOthers: "7628-3.2-identity" => "7628-3.2/for-another";
    /// OAUTHBEARER: the explanation of a refusal is no JSON.
    BearerNoJson: "7628-3.2.2-error-json" => "7628-3.2.2/refusal-in-json";
    /// OAUTHBEARER: the refusal does not wait for the client's answer to the explanation.
    BearerHasty: "7628-3.2.3-then-err" => "7628-3.2.3/refusal-after-the-answer";

    // RFC 6856.
    /// UTF8 is not listed after login.
    Utf8GoneAfterLogin: "6856-2-utf8-cap" => "6856-2/utf8-listed-alike";
    /// UTF8 works after login.
    Utf8AfterLogin: "6856-2-utf8-state" => "6856-2/utf8-before-login-alone";
    /// UTF8 takes an argument.
    Utf8WithArgument: "6856-2.1-utf8-noargs" => "6856-2.1/utf8-takes-no-argument";
    /// UTF8 has no effect.
    Utf8NoEffect: "6856-2.1-utf8-effect" => "6856-2.1/utf8-letters-as-they-are";
    /// UTF8 adds a header field to messages that are ASCII.
    Utf8ChangesAscii: "6856-2.1-ascii-unaffected" => "6856-2.1/ascii-in-either-mode";
    /// UTF-8 in headers is sent to everybody.
    Utf8ToEverybody: "6856-2.1-no-raw-utf8" => "6856-2.1/no-utf-8-to-others";
    /// The refusal of a message that needs UTF8 has no response code.
    NoUtf8Code: "6856-5-utf8-code" => "6856-5/code-utf8";
    /// The session ends when a message needs UTF8.
    Utf8HangsUp: "6856-2.1-anticipate" => "6856-2.1/no-utf-8-to-others";
    /// USER refuses names in UTF-8.
    UserAsciiOnly: "6856-2.2-user-arg" => "6856-2.2/user-in-utf-8";
    /// USER takes names that are no UTF-8.
    UserBadUtf8: "6856-2.2-bad-utf8" => "6856-2.2/names-that-are-no-utf-8";
    /// Names are not prepared.
    UserUnprepared: "6856-2.2-saslprep" => "6856-2.2/names-in-other-letters";
    /// LANG works, and is not listed.
    LangUnlisted: "6856-3.1-lang-cap" => "6856-3.1/lang-listed-alike";
    /// LANG is refused after login.
    LangBeforeLoginOnly: "6856-3.1-lang-states" => "6856-3.1/lang-in-both-states";
    /// LANG does not say which language was chosen.
    LangWithoutTag: "6856-3.2-lang-ok" => "6856-3.2/lang-says-which";
    /// LANG changes nothing but its own reply.
    LangNoEffect: "6856-3.2-lang-immediate" => "6856-3.2/language-at-once";
    /// Texts are in Latin-1.
    LangLatin1: "6856-3.2-lang-utf8" => "6856-3.2/languages-in-utf-8";
    /// Any language is answered `+OK`.
    LangAny: "6856-3.2-lang-fail" => "6856-3.2/language-that-is-not-there";
    /// `LANG *` is refused.
    LangStarRefused: "6856-3.2-lang-star" => "6856-3.1/lang-in-both-states";
    /// The languages are listed in a single line.
    LangListInOneLine: "6856-3.2-lang-list" => "6856-3.2/list-of-languages";
    /// The list has names before tags, which are in brackets.
    LangListTurned: "6856-3.2-lang-list-format" => "6856-3.2/list-of-languages";
    /// Response codes are translated.
    LangTranslatesCodes: "6856-3.2-codes-untouched" => "6856-3.2/numbers-and-codes-in-any-language";

    // RFC 5321 and RFC 5322: what becomes of a message.
    /// Only lines behind a stored CRLF are byte-stuffed.
    StuffsBehindCrlfOnly: "5321-4.1.1.4-lf-dot-lf" => "5321-4.1.1.4/lf-dot-lf";
    /// An empty line is sent before the final dot.
    ExtraEmptyLine: "5321-4.1.1.4-no-extra-crlf" => "5321-4.1.1.4/no-extra-line-at-the-end";
    /// Lines that begin with two dots are not byte-stuffed.
    TwoDotsUnstuffed: "5321-4.5.2-transparency" => "5321-4.5.2/stored-dots-are-stuffed-once-more";
    /// Lines are broken after 1,000 octets.
    BreaksLines: "5322-2.1.1-line-998" => "5322-2.1.1/line-of-5000";
    /// TOP sends stored line ends as they are.
    TopBareLf: "5322-2.3-no-bare-crlf" => "5322-2.3/stored-lf-becomes-crlf";
    /// TOP leaves the empty line behind the header away.
    TopWithoutEmptyLine: "5322-2.1-blank-line" => "5322-2.1/header-ends-at-the-first-empty-line";
    /// TOP sends the first line of each header field alone.
    TopCutsFields: "5322-2.2.3-folding" => "5322-2.2.3/folded-fields";
}

#[cfg(test)]
mod tests;
