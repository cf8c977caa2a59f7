// Reads statements with the client of @hey-api/openapi-ts; argument: the address of the server.
import { client } from "./generated/hey_api/client.gen.js";
import { statementsList } from "./generated/hey_api/index.js";
import { address, ask } from "./questions.js";

client.setConfig({ baseUrl: address });

const read = await ask(async (query) => {
  const { data, error } = await statementsList({ query });
  return data === undefined ? { problem: error } : { page: data };
});
console.log(`${read} answers read`);
