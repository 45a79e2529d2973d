// A GraphQL service made from a vendor's own schema: `graphql.mjs SCHEMA PORT [UPSTREAM]`.
// What the schema refuses is answered with GraphQL errors. With UPSTREAM the answer is another
// server's, held against the schema. What does not fit is told in the header `sl-violations`, as
// the mock of REST services tells it.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";

import { addMocksToSchema } from "@graphql-tools/mock";
import { buildClientSchema, buildSchema, execute, parse, validate, GraphQLError } from "graphql";
import { getVariableValues } from "graphql/execution/values.js";

const [file, port, upstream] = process.argv.slice(2);
const written = readFileSync(file);
// What a service says of itself, packed; else its schema as text.
const plain = file.endsWith(".json.gz")
  ? buildClientSchema(JSON.parse(gunzipSync(written)).data, { assumeValid: true })
  : buildSchema(written.toString("utf8"), { assumeValid: true });
const moment = () => "2026-01-31T12:00:00.000Z";
const mocked = addMocksToSchema({
  schema: plain,
  mocks: {
    DateTime: moment,
    DateTimeOrDuration: moment,
    TimelessDate: () => "2026-01-31",
    TimelessDateOrDuration: () => "2026-01-31",
    Duration: () => "P1D",
    JSON: () => ({}),
    JSONObject: () => ({}),
    // Scalars of Shopify.
    Decimal: () => "12.50",
    Money: () => "12.50",
    UnsignedInt64: () => "1",
    URL: () => "https://example.com/",
    HTML: () => "text",
    FormattedString: () => "text",
    ARN: () => "text",
    BigInt: () => "1",
    Color: () => "#000000",
    StorefrontID: () => "1",
    UtcOffset: () => "+00:00",
    Date: () => "2026-01-31",
    UUID: () => "59833787-2cf9-4fdf-8782-e53db20768a5",
    // The second page is as good as the first, for ever: one is enough.
    PageInfo: () => ({ hasNextPage: false, endCursor: null }),
  },
});

const violation = (where) => (error) => ({ location: [where], message: error.message, severity: "Error" });

/** What of a request the schema refuses; none where it is in order. */
function refusals(asked) {
  let document;
  try {
    document = parse(asked.query ?? "");
  } catch (error) {
    return { errors: [error] };
  }
  const errors = validate(plain, document);
  if (errors.length > 0) return { errors };
  const operation = document.definitions.find((part) => part.kind === "OperationDefinition");
  const given = asked.variables ?? {};
  const coerced = getVariableValues(plain, operation.variableDefinitions ?? [], given);
  const known = new Set((operation.variableDefinitions ?? []).map((one) => one.variable.name.value));
  const strangers = Object.keys(given).filter((name) => !known.has(name));
  const strange = strangers.map((name) => new GraphQLError(`Variable "$${name}" is not declared.`));
  return { document, errors: [...(coerced.errors ?? []), ...strange] };
}

async function upstreamAnswer(request, body) {
  const answer = await fetch(new URL(request.url, upstream), {
    method: request.method,
    headers: { "content-type": "application/json" },
    body,
  });
  return { status: answer.status, body: await answer.text() };
}

async function answer(request, text) {
  const asked = JSON.parse(text);
  const { document, errors } = refusals(asked);
  if (errors.length > 0) {
    const violations = errors.map(violation("request"));
    return { status: 400, body: JSON.stringify({ errors }), violations };
  }
  if (upstream === undefined) {
    const result = withoutComplaints(await execute({ schema: mocked, document, variableValues: asked.variables }));
    return { status: 200, body: JSON.stringify(result), violations: (result.errors ?? []).map(violation("response")) };
  }
  const given = await upstreamAnswer(request, text);
  const { data } = JSON.parse(given.body);
  // Run over what was answered: a member that is absent and may not be, or is of another type, is an
  // error; what was not asked for is left out and shows by the difference.
  const result = await execute({ schema: plain, document, rootValue: data ?? {}, variableValues: asked.variables });
  const found = (result.errors ?? []).map(violation("response"));
  if (found.length === 0 && JSON.stringify(sorted(result.data)) !== JSON.stringify(sorted(data))) {
    found.push({ location: ["response"], message: "the answer has members that were not asked for", severity: "Error" });
  }
  return { ...given, violations: found };
}

/** What the schema takes is done: Shopify tells of what was refused in lists beside the result. */
function withoutComplaints(value) {
  if (Array.isArray(value)) return value.map(withoutComplaints);
  if (value === null || typeof value !== "object") return value;
  const kept = ([name, member]) => [name, /userErrors$/i.test(name) ? [] : withoutComplaints(member)];
  return Object.fromEntries(Object.entries(value).map(kept));
}

/** JSON in the characters that a header may hold. */
function inHeader(value) {
  const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, escaped);
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    let told;
    try {
      told = await answer(request, Buffer.concat(chunks).toString("utf8"));
    } catch (error) {
      told = { status: 400, body: JSON.stringify({ errors: [{ message: String(error) }] }), violations: [violation("request")(error)] };
    }
    const headers = { "content-type": "application/json" };
    if (told.violations.length > 0) headers["sl-violations"] = inHeader(told.violations);
    response.writeHead(told.status, headers).end(told.body);
  });
}).listen(Number(port), "127.0.0.1");
