Redoc.init(
  "/api/schema?format=json",
  { theme: { typography: { fontFamily: "sans-serif", headings: { fontFamily: "sans-serif" } } } },
  document.getElementById("redoc"),
);
