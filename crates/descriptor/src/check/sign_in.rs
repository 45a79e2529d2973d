//! Ways to sign in.

use patchbay_model::descriptor::{
    AuthMethod, ClientAuthentication, Grant, Inject, InjectAt, OAuth2Auth, OAuthClient, SessionAuth, SigV4Auth,
};

use super::Checker;

/// The parameters that the standards name: RFC 6749, RFC 7636, RFC 8628, RFC 7523.
const PARAMETERS: [&str; 17] = [
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "response_type",
    "scope",
    "state",
    "token",
    "token_type_hint",
];

impl Checker<'_> {
    pub(super) fn sign_ins(&mut self) {
        for (index, method) in self.descriptor.auth.iter().enumerate() {
            let pointer = format!("/auth/{index}");
            self.filled(&format!("{pointer}/id"), method.id());
            self.filled(&format!("{pointer}/label"), method.label());
            let fields = format!("{pointer}/credentialFields");
            let asks = method.credential_fields();
            let may_ask_nothing = method.oauth().is_some();
            self.say_unless(
                may_ask_nothing || !asks.is_empty(),
                &fields,
                "a sign-in asks for at least one value",
            );
            self.unique(&fields, "key", asks.iter().map(|field| field.key.as_str()));
            for (i, field) in asks.iter().enumerate() {
                self.key(&format!("{fields}/{i}/key"), &field.key);
                self.filled(&format!("{fields}/{i}/label"), &field.label);
                if let Some(pattern) = &field.pattern {
                    self.pattern(&format!("{fields}/{i}/pattern"), pattern);
                }
            }
            let mut secrets: Vec<String> = asks.iter().map(|field| format!("secret.{}", field.key)).collect();
            if method.has_tokens() {
                self.say_unless(
                    !asks.iter().any(|field| field.key == "accessToken"),
                    &fields,
                    "\"accessToken\" is what signing in gives: nobody enters it",
                );
                secrets.push("secret.accessToken".to_owned());
            }
            let known: Vec<&str> = secrets.iter().map(String::as_str).collect();
            match method {
                AuthMethod::ApiKey(key) | AuthMethod::Pat(key) => self.inject(&pointer, &key.inject, &known),
                AuthMethod::Basic(basic) => {
                    self.template(&format!("{pointer}/username"), &basic.username, &known);
                    self.template(&format!("{pointer}/password"), &basic.password, &known);
                }
                AuthMethod::OAuth2(oauth) => self.oauth(&pointer, oauth, &known),
                AuthMethod::Session(session) => self.session(&pointer, session, &known),
                AuthMethod::SigV4(signing) => self.signing(&pointer, signing, &known),
            }
            if let Some(help) = method.help() {
                self.https(&format!("{pointer}/help/url"), &help.url);
                self.filled(&format!("{pointer}/help/text"), &help.text);
            }
        }
    }

    fn inject(&mut self, pointer: &str, all: &[Inject], known: &[&str]) {
        self.say_unless(!all.is_empty(), &format!("{pointer}/inject"), "say where the key goes");
        for (i, inject) in all.iter().enumerate() {
            let at = format!("{pointer}/inject/{i}");
            match inject.at {
                // A setting may name the header; what it says is checked when it is sent.
                InjectAt::Header if inject.name.contains("{{") => {
                    self.template(&format!("{at}/name"), &inject.name, &[]);
                }
                InjectAt::Header => self.header_name(&format!("{at}/name"), &inject.name),
                InjectAt::Query => self.filled(&format!("{at}/name"), &inject.name),
                // A cookie's name is written like a header's (RFC 6265 section 4.1.1).
                InjectAt::Cookie => self.header_name(&format!("{at}/name"), &inject.name),
                InjectAt::Body => {
                    self.filled(&format!("{at}/name"), &inject.name);
                    self.bodies(&format!("{at}/in"));
                }
            }
            self.template(&format!("{at}/value"), &inject.value, known);
        }
    }

    fn oauth(&mut self, pointer: &str, oauth: &OAuth2Auth, known: &[&str]) {
        self.oauth_addresses(pointer, oauth);
        self.oauth_client(pointer, oauth);
        self.inject(pointer, &oauth.inject, known);
        let redirect = &oauth.redirect;
        if let Some(path) = &redirect.path {
            let plain = path.starts_with('/')
                && !path.contains(['?', '#', '%', '{', ' ', '\\'])
                && !path.contains("//");
            self.say_unless(plain, &format!("{pointer}/redirect/path"), "it is a path such as /callback");
        }
        for (i, port) in redirect.ports.iter().enumerate() {
            let free = *port >= 1_024;
            self.say_unless(free, &format!("{pointer}/redirect/ports/{i}"), "it is from 1024 to 65535");
        }
        let scopes = &oauth.scopes;
        let separator = scopes.separator.as_char();
        let at = format!("{pointer}/scopes/known");
        self.unique(&at, "name", scopes.known.iter().map(|scope| scope.name.as_str()));
        for (i, scope) in scopes.known.iter().enumerate() {
            self.filled(&format!("{at}/{i}/name"), &scope.name);
            self.filled(&format!("{at}/{i}/label"), &scope.label);
        }
        let names = scopes.always.iter().chain(scopes.known.iter().map(|scope| &scope.name));
        let single = !names.into_iter().any(|name| name.contains([separator, ' ']));
        self.say_unless(
            single,
            &format!("{pointer}/scopes"),
            "each permission stands alone, without separator",
        );
        for (name, parameters) in [
            ("authorizationParameters", &oauth.authorization_parameters),
            ("tokenParameters", &oauth.token_parameters),
            ("refreshParameters", &oauth.refresh_parameters),
        ] {
            for (key, value) in parameters {
                let at = format!("{pointer}/{name}/{key}");
                self.template(&at, value, &[]);
                let own = ["state", "redirect_uri", "code_challenge", "code_verifier", "client_secret"];
                self.say_unless(!own.contains(&key.as_str()), &at, "the program itself writes this parameter");
            }
        }
        for (standard, own) in &oauth.parameter_names {
            let at = format!("{pointer}/parameterNames/{standard}");
            self.filled(&at, own);
            self.say_unless(PARAMETERS.contains(&standard.as_str()), &at, "no standard names this parameter");
        }
        self.headers(&format!("{pointer}/tokenHeaders"), &oauth.token_headers, &[]);
        let response = &oauth.response;
        for (name, path) in [
            ("accessToken", &response.access_token),
            ("refreshToken", &response.refresh_token),
            ("expiresIn", &response.expires_in),
            ("scope", &response.scope),
        ] {
            if let Some(path) = path {
                self.path(&format!("{pointer}/response/{name}"), path);
            }
        }
        self.at_least_one(&format!("{pointer}/lifetimeSeconds"), oauth.lifetime_seconds);
        for (i, capture) in oauth.captures.iter().enumerate() {
            let at = format!("{pointer}/captures/{i}");
            self.path(&format!("{at}/path"), &capture.path);
            self.captured(&format!("{at}/as"), &capture.name);
        }
        if let Some(after) = &oauth.after_sign_in {
            let at = format!("{pointer}/afterSignIn");
            self.address(&format!("{at}/url"), &after.url);
            self.headers(&format!("{at}/headers"), &after.headers, &[]);
            if let Some(each) = &after.each {
                self.path(&format!("{at}/each"), each);
            }
            for (name, path) in &after.settings {
                self.path(&format!("{at}/settings/{name}"), path);
                self.captured(&format!("{at}/settings/{name}"), name);
            }
        }
    }

    fn captured(&mut self, pointer: &str, name: &str) {
        self.key(pointer, name);
        self.say_unless(name != "baseUrl", pointer, "where calls go is approved by a person, not by an answer");
        let entered = self.descriptor.config_fields.iter().any(|field| field.key == name);
        self.say_unless(!entered, pointer, "a person enters this setting: an answer must not replace it");
    }

    fn oauth_addresses(&mut self, pointer: &str, oauth: &OAuth2Auth) {
        let discovered = oauth.issuer.is_some();
        let needs = [
            ("issuer", &oauth.issuer, false),
            ("authorizationUrl", &oauth.authorization_url, oauth.grant == Grant::AuthorizationCode),
            ("tokenUrl", &oauth.token_url, true),
            ("refreshUrl", &oauth.refresh_url, false),
            ("revocationUrl", &oauth.revocation_url, false),
            ("deviceAuthorizationUrl", &oauth.device_authorization_url, oauth.grant == Grant::DeviceCode),
            ("registrationUrl", &oauth.registration_url, oauth.client == OAuthClient::Dynamic {}),
        ];
        for (name, url, needed) in needs {
            match url {
                Some(url) => self.address(&format!("{pointer}/{name}"), url),
                None if needed && !discovered => {
                    self.say(pointer, format!("\"{name}\" is missing, and no \"issuer\" says where it is"));
                }
                None => {}
            }
        }
    }

    fn oauth_client(&mut self, pointer: &str, oauth: &OAuth2Auth) {
        let fields = format!("{pointer}/credentialFields");
        let asks = |key: &str| oauth.credential_fields.iter().any(|field| field.key == key);
        let authentication = oauth.authentication();
        match &oauth.client {
            OAuthClient::Public { id } => {
                self.filled(&format!("{pointer}/client/id"), id);
                self.say_unless(
                    authentication == ClientAuthentication::None,
                    &format!("{pointer}/clientAuthentication"),
                    "a client that ships has no secret: use \"own\" and let people register theirs",
                );
            }
            OAuthClient::Own {} => {
                self.say_unless(asks("clientId"), &fields, "ask for \"clientId\"");
                // What people register is compared letter by letter.
                self.say_unless(
                    oauth.grant != Grant::AuthorizationCode || oauth.redirect.path.is_some(),
                    &format!("{pointer}/redirect"),
                    "say the path that people register, such as /callback",
                );
                let secret = match authentication {
                    ClientAuthentication::None => None,
                    ClientAuthentication::Body | ClientAuthentication::Basic => Some("clientSecret"),
                    ClientAuthentication::PrivateKeyJwt => Some("privateKey"),
                };
                if let Some(secret) = secret.filter(|secret| !asks(secret)) {
                    self.say(&fields, format!("ask for \"{secret}\""));
                }
            }
            OAuthClient::Dynamic {} => {
                self.say_unless(
                    !asks("clientId") && authentication != ClientAuthentication::PrivateKeyJwt,
                    &format!("{pointer}/client"),
                    "what is registered by itself is not asked for",
                );
            }
        }
        if oauth.grant == Grant::RefreshToken {
            self.say_unless(asks("refreshToken"), &fields, "ask for \"refreshToken\"");
        }
    }

    fn session(&mut self, pointer: &str, session: &SessionAuth, known: &[&str]) {
        self.address(&format!("{pointer}/loginUrl"), &session.login_url);
        let entered: Vec<&str> = known.iter().copied().filter(|name| *name != "secret.accessToken").collect();
        for (name, value) in &session.login {
            self.template(&format!("{pointer}/login/{name}"), value, &entered);
        }
        self.headers(&format!("{pointer}/loginHeaders"), &session.login_headers, &entered);
        let places =
            [session.token_path.is_some(), session.token_cookie.is_some(), session.token_header.is_some()];
        let one = places.into_iter().filter(|there| *there).count() == 1;
        self.say_unless(
            one,
            pointer,
            "say where the token is: one of \"tokenPath\", \"tokenCookie\" and \"tokenHeader\"",
        );
        if let Some(path) = &session.token_path {
            self.path(&format!("{pointer}/tokenPath"), path);
        }
        for (name, header) in [("tokenCookie", &session.token_cookie), ("tokenHeader", &session.token_header)] {
            if let Some(header) = header {
                self.header_name(&format!("{pointer}/{name}"), header);
            }
        }
        self.at_least_one(&format!("{pointer}/lifetimeSeconds"), session.lifetime_seconds);
        self.inject(pointer, &session.inject, known);
    }

    fn signing(&mut self, pointer: &str, signing: &SigV4Auth, known: &[&str]) {
        let token = signing.session_token.as_ref();
        for (name, text) in
            [("accessKeyId", &signing.access_key_id), ("secretAccessKey", &signing.secret_access_key)]
                .into_iter()
                .chain(token.map(|token| ("sessionToken", token)))
        {
            self.filled(&format!("{pointer}/{name}"), text);
            self.template(&format!("{pointer}/{name}"), text, known);
        }
        // They are sent in the open.
        for (name, text) in [("region", &signing.region), ("service", &signing.service)] {
            self.filled(&format!("{pointer}/{name}"), text);
            self.template(&format!("{pointer}/{name}"), text, &[]);
        }
    }

    /// A key in the body needs requests that all carry one.
    fn bodies(&mut self, pointer: &str) {
        let streams = self.descriptor.streams.iter().map(|stream| (&stream.id, &stream.request));
        let operations = self.descriptor.operations.iter().map(|operation| (&operation.id, &operation.request));
        let health = [(&"healthCheck".to_owned(), &self.descriptor.health_check.request)];
        let without: Vec<String> = streams
            .chain(operations)
            .chain(health)
            .filter_map(|(name, request)| Some((name, request.as_ref()?)))
            .filter(|(_, request)| {
                let list = request.body.as_ref().is_some_and(|body| !body.is_object());
                request.method.is_safe() || list
            })
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        if !without.is_empty() {
            let message =
                format!("the key goes into the body, and {} carries none with members", without.join(", "));
            self.say(pointer, message);
        }
    }
}
