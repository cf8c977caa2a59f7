// Reads every operation of a running server with the generated types; argument: its address.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

const address = process.argv[2];
if (address === undefined) throw new Error("give the address of the server");
const client = createClient<paths>({ baseUrl: address, headers: { Accept: "application/json" } });

type Schemas = components["schemas"];
type Listed = { count: number; results: readonly { id: string }[]; next: string | null };
let read = 0;

function whole<T>(answer: { data?: unknown; error?: unknown; response: Response }, name: string): T {
  if (answer.error !== undefined || answer.data === undefined || answer.response.status !== 200) {
    throw new Error(`${name}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  read += 1;
  return answer.data as T;
}

function filled(list: Listed, name: string): string[] {
  if (list.count === 0 || list.results.length === 0) throw new Error(`${name}: empty`);
  return list.results.map((record) => record.id);
}

const page = { params: { query: { page_size: 500 } } } as const;
const at = (id: string) => ({ params: { path: { id } } });

const countries = whole<Schemas["PaginatedCountryList"]>(await client.GET("/api/v1/countries", page), "countries");
for (const id of filled(countries, "countries")) {
  const country = whole<Schemas["Country"]>(await client.GET("/api/v1/countries/{id}", at(id)), id);
  const point: (number | null)[] = [country.longitude, country.latitude];
  if (point.includes(null)) throw new Error(`${id}: no point`);
}
const officials = whole<Schemas["PaginatedOfficialList"]>(await client.GET("/api/v1/officials", page), "officials");
for (const id of filled(officials, "officials")) {
  const official = whole<Schemas["Official"]>(await client.GET("/api/v1/officials/{id}", at(id)), id);
  const name: string | null = official.name;
  if (name === null && official.label === "") throw new Error(`${id}: no label`);
}
const statements = whole<Schemas["PaginatedStatementList"]>(await client.GET("/api/v1/statements", page), "statements");
for (const id of filled(statements, "statements")) {
  const statement = whole<Schemas["Statement"]>(await client.GET("/api/v1/statements/{id}", at(id)), id);
  const { speaker, attributed_organisation, attributed_country, narrator } = statement;
  const attributed = [speaker, attributed_organisation, attributed_country, narrator || null];
  if (attributed.filter((value) => value !== null).length !== 1) throw new Error(`${id}: attribution`);
}
const issues = whole<Schemas["PaginatedBilateralIssueList"]>(
  await client.GET("/api/v1/bilateral-issues", page), "bilateral-issues");
for (const id of filled(issues, "bilateral-issues")) {
  const issue = whole<Schemas["BilateralIssue"]>(await client.GET("/api/v1/bilateral-issues/{id}", at(id)), id);
  const positions: (string | null)[] = issue.sides.map((side) => side.position);
  if (positions.length !== 2) throw new Error(`${id}: sides`);
}
const events = whole<Schemas["PaginatedEventList"]>(await client.GET("/api/v1/events", page), "events");
for (const id of filled(events, "events")) {
  const event = whole<Schemas["Event"]>(await client.GET("/api/v1/events/{id}", at(id)), id);
  const score: number | null = event.score;
  if ((score === null) !== (event.event_type === null)) throw new Error(`${id}: score`);
}
const trips = whole<Schemas["PaginatedTripList"]>(await client.GET("/api/v1/trips", page), "trips");
for (const id of filled(trips, "trips")) {
  const trip = whole<Schemas["Trip"]>(await client.GET("/api/v1/trips/{id}", at(id)), id);
  if (trip.stops.length === 0) throw new Error(`${id}: stops`);
}
const sources = whole<Schemas["PaginatedSourceList"]>(await client.GET("/api/v1/sources", page), "sources");
for (const id of filled(sources, "sources")) {
  whole<Schemas["Source"]>(await client.GET("/api/v1/sources/{id}", at(id)), id);
  const coverage = whole<Schemas["Coverage"]>(await client.GET("/api/v1/sources/{id}/coverage", at(id)), id);
  if (coverage.ledger.length !== coverage.sentences) throw new Error(`${id}: ledger`);
}
const passages = whole<Schemas["PaginatedPassageList"]>(await client.GET("/api/v1/passages", page), "passages");
for (const id of filled(passages, "passages")) {
  whole<Schemas["Passage"]>(await client.GET("/api/v1/passages/{id}", at(id)), id);
}
const gaps = whole<Schemas["PaginatedGapList"]>(await client.GET("/api/v1/gaps", page), "gaps");
for (const id of filled(gaps, "gaps")) {
  whole<Schemas["Gap"]>(await client.GET("/api/v1/gaps/{id}", at(id)), id);
}
const dyads = whole<Schemas["DyadList"]>(await client.GET("/api/v1/dyads"), "dyads");
for (const { id } of dyads.results) {
  whole<Schemas["Dyad"]>(await client.GET("/api/v1/dyads/{id}", at(id)), id);
}
const found = whole<Schemas["PaginatedSearchHitList"]>(
  await client.GET("/api/v1/search", { params: { query: { q: "canal", page_size: 5 } } }), "search");
filled(found, "search");
whole<Schemas["Manifest"]>(await client.GET("/api/v1/reconcile"), "manifest");
const answers = whole<Schemas["ReconciliationResults"]>(
  await client.POST("/api/v1/reconcile", {
    body: { queries: JSON.stringify({ q0: { query: "Rubio" } }) },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  }), "reconcile");
if (answers["q0"]?.result.length === 0) throw new Error("reconcile: nobody");
whole<Schemas["Release"]>(await client.GET("/api/v1/release"), "release");
whole<Schemas["Codebook"]>(await client.GET("/api/v1/codebook"), "codebook");

// Two values in a list, and every page by the cursor of the one before.
const kinds: Schemas["StatementKind"][] = ["indirect_speech", "narration"];
const ids = new Set<string>();
let cursor: string | undefined;
let count = 0;
do {
  const query = { kind: kinds, page_size: 3, ...(cursor === undefined ? {} : { cursor }) };
  const paged = whole<Schemas["PaginatedStatementList"]>(
    await client.GET("/api/v1/statements", { params: { query } }), "statements by page");
  for (const statement of paged.results) {
    if (!kinds.includes(statement.kind)) throw new Error(`${statement.id}: ${statement.kind}`);
    ids.add(statement.id);
  }
  count = paged.count;
  cursor = paged.next === null ? undefined : new URL(paged.next).searchParams.get("cursor") ?? undefined;
} while (cursor !== undefined);
if (ids.size !== count) throw new Error(`pages: ${ids.size} of ${count}`);

const refused = await client.GET("/api/v1/events", { params: { query: { q: "!" } } });
// A text is the page that a browser gets in place of a problem.
const problem = typeof refused.error === "string" ? undefined : refused.error;
if (refused.response.status !== 400 || problem?.errors[0]?.parameter !== "q") {
  throw new Error("a refusal has no typed problem");
}
console.log(`${read} answers read`);
