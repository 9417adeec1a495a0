//! What rsasl's side knows, and how it is asked.

use std::sync::{Arc, Mutex};

use pop3_proto::Secret;
use pop3_proto::auth::sasl::{ScramHash, ScramKeys, base64};
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::mechanisms::anonymous::AnonymousToken;
use rsasl::mechanisms::oauthbearer::properties::{OAuthBearerError, OAuthBearerValidate};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::mechanisms::xoauth2::properties::{XOAuth2Error, XOAuth2Validate};
use rsasl::mechanisms::{anonymous, external, login, oauthbearer, plain, scram, xoauth2};
use rsasl::prelude::{
    ChannelBindingCallback, Mechanism, Registry, SASLConfig, SessionError, Validation,
};
use rsasl::property::{AuthId, AuthzId, OAuthBearerKV, OAuthBearerToken, Password};
use rsasl::validate::{Validate, ValidationError};

pub(crate) const USER: &str = "mark";
pub(crate) const PASSWORD: &str = "sword fish";
pub(crate) const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
pub(crate) const EXPORTED: [u8; 32] = [7; 32];

static MECHANISMS: &[Mechanism] = &[
    scram::SCRAM_SHA1,
    scram::SCRAM_SHA1_PLUS,
    scram::SCRAM_SHA256,
    scram::SCRAM_SHA256_PLUS,
    scram::SCRAM_SHA512,
    scram::SCRAM_SHA512_PLUS,
    plain::PLAIN,
    login::LOGIN,
    anonymous::ANONYMOUS,
    external::EXTERNAL,
    oauthbearer::OAUTHBEARER,
    xoauth2::XOAUTH2,
];

/// What rsasl's side has: as a client to give, as a server to compare with.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) password: &'static str,
    pub(crate) token: &'static str,
    pub(crate) authorization: Option<&'static str>,
    /// Whether a client can bind its channel.
    pub(crate) binds: bool,
    /// The reason that a server gave for refusing a token.
    pub(crate) reason: Arc<Mutex<Option<String>>>,
}

impl Default for Peer {
    fn default() -> Self {
        let reason = Arc::default();
        Self { password: PASSWORD, token: TOKEN, authorization: None, binds: false, reason }
    }
}

/// The outcome of an exchange that rsasl's server has judged: who it is.
pub(crate) struct Judged;

impl Validation for Judged {
    type Value = Option<String>;
}

/// The TLS channel, as rsasl sees it.
pub(crate) struct Channel;

impl ChannelBindingCallback for Channel {
    fn get_cb_data(&self, name: &str) -> Option<&[u8]> {
        (name == "tls-exporter").then_some(&EXPORTED)
    }
}

impl Peer {
    pub(crate) fn config(self) -> Arc<SASLConfig> {
        SASLConfig::builder()
            .with_registry(Registry::with_mechanisms(MECHANISMS))
            .with_callback(self)
            .unwrap()
    }

    /// rsasl hands over a token of OAUTHBEARER with its scheme, one of XOAUTH2 without.
    fn is_token(&self, context: &Context<'_>) -> bool {
        let given = context.get_ref::<OAuthBearerToken>();
        given.is_some_and(|given| given.trim_start_matches("Bearer ") == self.token)
    }
}

impl SessionCallback for Peer {
    fn enable_channel_binding(&self) -> bool {
        self.binds
    }

    fn callback(
        &self,
        session: &SessionData,
        context: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        // What a client is asked for.
        if let Some(authorization) = self.authorization {
            request.satisfy::<AuthzId>(authorization)?;
        }
        request.satisfy::<AuthId>(USER)?;
        request.satisfy::<Password>(self.password.as_bytes())?;
        request.satisfy::<OAuthBearerToken>(self.token)?;
        request.satisfy::<OAuthBearerKV>(&[("host", "pop.example.org"), ("port", "995")])?;
        request.satisfy::<AnonymousToken>("guest@example.org")?;
        if let Some(reason) = request.get_action::<XOAuth2Error>() {
            *self.reason.lock().unwrap() = Some(reason.to_owned());
        }

        // What a server is asked for.
        if request.is::<ScramStoredPassword<'_>>() {
            let name = session.mechanism().mechanism.as_str();
            let plain = name.trim_end_matches("-PLUS");
            let hash = ScramHash::ALL.into_iter().find(|hash| hash.mechanism() == plain).unwrap();
            let secret = Secret::new(self.password).unwrap();
            let keys = ScramKeys::derive(hash, &secret, b"salt", 4096).unwrap().expose();
            let fields: Vec<_> = keys
                .split(',')
                .skip(1)
                .map(|field| base64::decode(field.as_bytes()).unwrap())
                .collect();
            let [salt, stored_key, server_key] = &fields[..] else { panic!() };
            let stored = ScramStoredPassword::new(4096, salt, stored_key, server_key);
            request.satisfy::<ScramStoredPassword<'_>>(&stored)?;
        }
        let right = self.is_token(context);
        let refused = OAuthBearerError::new("invalid_token", None, None);
        request.satisfy::<OAuthBearerValidate>(&if right { Ok(()) } else { Err(refused) })?;
        let refused = Err(r#"{"status":"400"}"#);
        request.satisfy::<XOAuth2Validate>(&if right { Ok(()) } else { refused })?;
        Ok(())
    }

    fn validate(
        &self,
        session: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        let name = context.get_ref::<AuthId>().or(context.get_ref::<AuthzId>());
        let right = match session.mechanism().mechanism.as_str() {
            "PLAIN" | "LOGIN" => context.get_ref::<Password>() == Some(self.password.as_bytes()),
            "OAUTHBEARER" | "XOAUTH2" => self.is_token(context),
            _ => true,
        };
        let name = name.or(context.get_ref::<AnonymousToken>());
        validate.finalize::<Judged>(name.filter(|_| right).map(str::to_owned));
        Ok(())
    }
}
