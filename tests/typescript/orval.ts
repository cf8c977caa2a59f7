// Reads statements with the client of orval; argument: the address of the server.
import { statementsList } from "./generated/orval.js";
import { address, ask } from "./questions.js";

// Orval writes the address of a server into the client; this one is known when it runs.
const send = globalThis.fetch;
globalThis.fetch = (path, options) => send(`${address}${path}`, options);

const read = await ask(async (query) => {
  const answer = await statementsList(query);
  if (answer.status === 200) return { page: answer.data };
  // A text is the page that a browser gets in place of a problem.
  if (typeof answer.data === "string") throw new Error(answer.data);
  return { problem: answer.data };
});
console.log(`${read} answers read`);
