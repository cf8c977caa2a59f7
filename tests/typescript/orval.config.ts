export default {
  demarche: {
    input: "../../openapi.yaml",
    output: {
      target: "generated/orval.ts",
      client: "fetch",
      // It would else give a stream, and no JSON, where an address has NDJSON among its formats.
      override: {
        contentType: {
          include: ["application/json", "application/problem+json", "application/x-www-form-urlencoded"],
        },
      },
    },
  },
};
