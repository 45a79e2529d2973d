// A strict OAuth 2 and OpenID server, certified elsewhere, with pages that a browser can walk
// through and a test can post: `oidc.mjs [OPTIONS]`. It listens on a free port of 127.0.0.1 and says
// in its first line, as JSON, where it is and which clients it knows.
//
// OPTIONS (JSON): `accessSeconds`, how long access tokens are good for (3600); `rotate`, whether a
// refresh gives a new refresh token (true).
//
// Beside what its discovery names, `/control/counters` tells what happened.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const { accessSeconds = 3600, rotate = true } = JSON.parse(process.argv[2] ?? "{}");
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const LOOPBACK = ["http://127.0.0.1/callback"];

const fresh = () => randomBytes(16).toString("hex");

/** A key of a client: what the server holds, and what the client signs with. */
function signingKey(alg, kid) {
  const made = alg === "ES256"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const marks = { kid, alg, use: "sig" };
  return {
    public: { ...made.publicKey.export({ format: "jwk" }), ...marks },
    private: { alg, kid, pkcs8: made.privateKey.export({ format: "pem", type: "pkcs8" }) },
  };
}

const es256 = signingKey("ES256", "client-es256");
const rs256 = signingKey("RS256", "client-rs256");
const serverKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const byCode = { grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], redirect_uris: LOOPBACK, application_type: "native" };
const forItself = { grant_types: ["client_credentials"], response_types: [], redirect_uris: [] };
const clients = [
  { client_id: "native", client_name: "Native", token_endpoint_auth_method: "none", ...byCode, grant_types: [...byCode.grant_types, DEVICE] },
  { client_id: "native-any-path", client_name: "Native, any path", token_endpoint_auth_method: "none", ...byCode },
  { client_id: "basic", client_name: "Basic", client_secret: fresh(), token_endpoint_auth_method: "client_secret_basic", ...byCode },
  { client_id: "post", client_name: "Post", client_secret: fresh(), token_endpoint_auth_method: "client_secret_post", ...byCode },
  { client_id: "es256", client_name: "ES256", token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "ES256", jwks: { keys: [es256.public] }, ...byCode, grant_types: [...byCode.grant_types, "client_credentials"] },
  { client_id: "rs256", client_name: "RS256", token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "RS256", jwks: { keys: [rs256.public] }, ...byCode, grant_types: [...byCode.grant_types, "client_credentials"] },
  { client_id: "service", client_name: "Service", client_secret: fresh(), token_endpoint_auth_method: "client_secret_basic", ...forItself },
];

const escaped = (text) => String(text).replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function page(title, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head><body><main><h1>${escaped(title)}</h1>${body}</main></body></html>`;
}

function send(response, status, type, body) {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}

async function form(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

const counters = { granted: {}, refused: {}, revoked: 0, registered: 0 };
const count = (kind, name) => {
  counters[kind][name] = (counters[kind][name] ?? 0) + 1;
};

function start(issuer) {
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [{ ...serverKey, kid: "server", use: "sig", alg: "RS256" }] },
    cookies: { keys: [fresh()] },
    scopes: ["openid", "offline_access", "issues:read", "issues:write"],
    claims: { openid: ["sub"], email: ["email"], profile: ["name"] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, email: `${id}@example.test` }) }),
    pkce: { required: () => true },
    rotateRefreshToken: () => rotate,
    ttl: { AccessToken: accessSeconds, ClientCredentials: accessSeconds, AuthorizationCode: 60, DeviceCode: 600, Grant: 86400, IdToken: 3600, Interaction: 600, RefreshToken: 86400, Session: 86400 },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (context, code) => {
          context.body = page("Enter the code", `${code}<button form="op.deviceInputForm">Go on</button>`);
        },
        userCodeConfirmSource: (context, confirm, _client, _device, code) => {
          context.body = page("Confirm the device", `<p>${escaped(code)}</p>${confirm}<button form="op.deviceConfirmForm">Go on</button>`);
        },
        successSource: (context) => {
          context.body = page("Signed in", "<p>You can close this page.</p>");
        },
      },
      registration: { enabled: true, idFactory: fresh, secretFactory: fresh },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: false },
    },
    renderError: (context, out) => {
      context.type = "html";
      context.body = page("This sign-in cannot go on", `<pre>${escaped(`${out.error}: ${out.error_description ?? ""}`)}</pre>`);
    },
  });

  // Services differ in whether the path may be another each time; one client here is of that kind.
  const { redirectUriAllowed } = provider.Client.prototype;
  provider.Client.prototype.redirectUriAllowed = function allowed(uri) {
    const anywhere = this.clientId === "native-any-path" && /^http:\/\/127\.0\.0\.1:\d+\/[^#]*$/.test(uri);
    return anywhere || redirectUriAllowed.call(this, uri);
  };

  provider.on("grant.success", (context) => count("granted", context.oidc.params.grant_type));
  provider.on("grant.error", (context) => count("refused", context.oidc.params?.grant_type ?? "none"));
  provider.on("grant.revoked", () => (counters.revoked += 1));
  provider.on("registration_create.success", () => (counters.registered += 1));
  return provider;
}

/** Signing in with any name, allowing, or not. */
async function interaction(provider, request, response, path) {
  const [, , uid, step] = path.split("/");
  const details = await provider.interactionDetails(request, response);
  const { prompt, params, session, grantId } = details;
  const at = (name) => `/interaction/${uid}/${name}`;
  const cancel = `<form method="post" action="${at("abort")}"><button>Do not allow</button></form>`;
  if (request.method === "GET") {
    const body = prompt.name === "login"
      ? `<form method="post" action="${at("login")}"><label>Name <input name="login" value="${escaped(params.login_hint ?? "")}" required></label><button>Sign in</button></form>`
      : `<p>${escaped(params.client_id)} asks for ${escaped(params.scope ?? "nothing")}</p><form method="post" action="${at("confirm")}"><button>Allow</button></form>`;
    return send(response, 200, "text/html", page(prompt.name === "login" ? "Sign in" : "Allow?", body + cancel));
  }
  const given = await form(request);
  if (step === "abort") {
    const result = { error: "access_denied", error_description: "It was not allowed" };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  if (step === "login" && prompt.name === "login") {
    const result = { login: { accountId: given.get("login") || "someone" } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  if (step === "confirm" && prompt.name === "consent") {
    const kept = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    const grant = kept ?? new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(" "));
    if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
    const result = { consent: { grantId: await grant.save() } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  }
  return send(response, 400, "text/plain", "This step is not the next one");
}

let answer;
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://127.0.0.1");
  answer(request, response, pathname).catch((error) => {
    if (!response.headersSent) send(response, 400, "text/plain", `${error.error ?? error.name}: ${error.message}`);
  });
});
server.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = start(url);
  const rest = provider.callback();
  answer = async (request, response, path) => {
    if (path.startsWith("/interaction/")) return interaction(provider, request, response, path);
    if (path === "/control/counters") return send(response, 200, "application/json", JSON.stringify(counters));
    // RFC 8414 beside OpenID's own place for the same.
    request.url = request.url.replace("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration");
    return rest(request, response);
  };
  const secrets = Object.fromEntries(clients.filter((one) => one.client_secret).map((one) => [one.client_id, one.client_secret]));
  const keys = { es256: es256.private, rs256: rs256.private };
  process.stdout.write(`${JSON.stringify({ url, secrets, keys })}\n`);
});
