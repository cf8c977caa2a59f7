SwaggerUIBundle({
  url: "/api/schema?format=json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
