// What each generated client is asked, which tells a page and a problem apart by its own types.
declare const process: { argv: string[] };

export type Query = { kind: ("indirect_speech" | "narration")[]; page_size: number; cursor?: string; q?: string };
type Page = { count: number; next: string | null; results: readonly { id: string; kind: string }[] };
type Problem = { status: number; errors: readonly { parameter: string | null }[] };
export type Answer = { page: Page } | { problem: Problem };

function given(): string {
  const [, , address] = process.argv;
  if (address === undefined) throw new Error("give the address of the server");
  return address;
}
export const address = given();

// Two values in a list, every page by the cursor of the one before, and a refusal.
export async function ask(statements: (query: Query) => Promise<Answer>): Promise<number> {
  const query: Query = { kind: ["indirect_speech", "narration"], page_size: 3 };
  const kinds = new Map<string, string>();
  let answer = await statements(query);
  let pages = 1;
  for (; ; pages += 1) {
    if ("problem" in answer) throw new Error(`page ${pages}: ${JSON.stringify(answer.problem)}`);
    const { count, next, results } = answer.page;
    for (const { id, kind } of results) kinds.set(id, kind);
    const cursor = next === null ? null : new URL(next).searchParams.get("cursor");
    if (cursor === null) {
      if (kinds.size !== count || pages < 2) throw new Error(`${kinds.size} of ${count} in ${pages} pages`);
      break;
    }
    answer = await statements({ ...query, cursor });
  }
  const found = [...new Set(kinds.values())].sort().join();
  if (found !== query.kind.join()) throw new Error(`kinds: ${found}`);
  const refused = await statements({ ...query, q: "!" });
  if (!("problem" in refused) || refused.problem.status !== 400 || refused.problem.errors[0]?.parameter !== "q") {
    throw new Error("a refusal has no typed problem");
  }
  return pages + 1;
}
