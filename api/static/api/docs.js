SwaggerUIBundle({
  url: new URL("../../api/schema?format=json", document.currentScript.src).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
