// Reads every operation of a running server with the generated types; argument: its address.
import createClient from "openapi-fetch";
import { address, ask } from "./questions.js";
import type { paths } from "./generated/schema.js";

const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: address });

type Listed = { count: number; results: readonly { id: string }[]; next: string | null };
let read = 0;

function whole<T>(answer: { data?: T; error?: unknown; response: Response }, name: string): T {
  if (answer.error !== undefined || answer.data === undefined || answer.response.status !== 200) {
    throw new Error(`${name}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  read += 1;
  return answer.data;
}

function filled(list: Listed, name: string): string[] {
  if (list.count === 0 || list.results.length === 0) throw new Error(`${name}: empty`);
  return list.results.map((record) => record.id);
}

const page = { params: { query: { page_size: 500 } } } as const;
const at = (id: string) => ({ params: { path: { id } } });

const countries = whole(await client.GET("/api/v1/countries", page), "countries");
for (const id of filled(countries, "countries")) {
  const country = whole(await client.GET("/api/v1/countries/{id}", at(id)), id);
  const point: (number | null)[] = [country.longitude, country.latitude];
  if (point.includes(null)) throw new Error(`${id}: no point`);
}
const officials = whole(await client.GET("/api/v1/officials", page), "officials");
for (const id of filled(officials, "officials")) {
  const official = whole(await client.GET("/api/v1/officials/{id}", at(id)), id);
  const name: string | null = official.name;
  if (name === null && official.label === "") throw new Error(`${id}: no label`);
}
const statements = whole(await client.GET("/api/v1/statements", page), "statements");
for (const id of filled(statements, "statements")) {
  const statement = whole(await client.GET("/api/v1/statements/{id}", at(id)), id);
  const { speaker, attributed_organisation, attributed_country, narrator } = statement;
  const attributed = [speaker, attributed_organisation, attributed_country, narrator || null];
  if (attributed.filter((value) => value !== null).length !== 1) throw new Error(`${id}: attribution`);
}
const issues = whole(
  await client.GET("/api/v1/bilateral-issues", page), "bilateral-issues");
for (const id of filled(issues, "bilateral-issues")) {
  const issue = whole(await client.GET("/api/v1/bilateral-issues/{id}", at(id)), id);
  const positions: (string | null)[] = issue.sides.map((side) => side.position);
  if (positions.length !== 2) throw new Error(`${id}: sides`);
}
const events = whole(await client.GET("/api/v1/events", page), "events");
for (const id of filled(events, "events")) {
  const event = whole(await client.GET("/api/v1/events/{id}", at(id)), id);
  const score: number | null = event.score;
  if ((score === null) !== (event.event_type === null)) throw new Error(`${id}: score`);
}
const trips = whole(await client.GET("/api/v1/trips", page), "trips");
for (const id of filled(trips, "trips")) {
  const trip = whole(await client.GET("/api/v1/trips/{id}", at(id)), id);
  if (trip.stops.length === 0) throw new Error(`${id}: stops`);
}
const sources = whole(await client.GET("/api/v1/sources", page), "sources");
for (const id of filled(sources, "sources")) {
  whole(await client.GET("/api/v1/sources/{id}", at(id)), id);
  const coverage = whole(await client.GET("/api/v1/sources/{id}/coverage", at(id)), id);
  if (coverage.ledger.length !== coverage.sentences) throw new Error(`${id}: ledger`);
}
const passages = whole(await client.GET("/api/v1/passages", page), "passages");
for (const id of filled(passages, "passages")) {
  whole(await client.GET("/api/v1/passages/{id}", at(id)), id);
}
const gaps = whole(await client.GET("/api/v1/gaps", page), "gaps");
for (const id of filled(gaps, "gaps")) {
  whole(await client.GET("/api/v1/gaps/{id}", at(id)), id);
}
const dyads = whole(await client.GET("/api/v1/dyads"), "dyads");
for (const { id } of dyads.results) {
  whole(await client.GET("/api/v1/dyads/{id}", at(id)), id);
}
const found = whole(
  await client.GET("/api/v1/search", { params: { query: { q: "canal", page_size: 5 } } }), "search");
filled(found, "search");
whole(await client.GET("/api/v1/reconcile"), "manifest");
const answers = whole(
  await client.POST("/api/v1/reconcile", {
    body: { queries: JSON.stringify({ q0: { query: "Rubio" } }) },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  }), "reconcile");
if (answers["q0"]?.result.length === 0) throw new Error("reconcile: nobody");
whole(await client.GET("/api/v1/release"), "release");
whole(await client.GET("/api/v1/codebook"), "codebook");

read += await ask(async (query) => {
  const { data, error } = await client.GET("/api/v1/statements", { params: { query } });
  return data === undefined ? { problem: error } : { page: data };
});
console.log(`${read} answers read`);
