const docs = document.getElementById("docs");
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const paint = () => { document.documentElement.dataset.theme = dark.matches ? "dark" : "light"; };
dark.addEventListener("change", paint);
paint();

// Elements takes the value of a list as JSON and says nothing of other texts. The API takes commas,
// so each list is shown as a text, or as the choice of one of its codes.
function plain(parameter) {
  const { schema, example } = parameter;
  if (schema.type !== "array") return;
  parameter.schema = schema.items.$ref || schema.items.enum ? schema.items : { type: "string" };
  parameter.description += " Several are written with commas.";
  if (example) parameter.example = example.join(",");
}

// Elements has samples of its own, by language and library; ours take the place of these.
const libraries = { shell: "curl", python: "requests", javascript: "fetch" };

fetch(docs.dataset.schema)
  .then((response) => (response.ok ? response.json() : Promise.reject(response.status)))
  .then((schema) => {
    for (const { get } of Object.values(schema.paths)) {
      get.parameters.forEach(plain);
      for (const sample of get["x-codeSamples"]) sample.lib = libraries[sample.lang];
    }
    docs.apiDescriptionDocument = schema;
  })
  .catch(() => {
    document.getElementById("wait").textContent = "The reference cannot be read now: load the page again.";
  });
