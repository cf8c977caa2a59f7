// ReDoc fetches its maker's logo from elsewhere, which the policy of this page forbids. An image that
// cannot be shown makes it leave the logo out, so it is given one instead of that address.
const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
Object.defineProperty(HTMLImageElement.prototype, "src", {
  ...source,
  set(address) {
    source.set.call(this, /^https?:/.test(address) ? "data:," : address);
  },
});
Redoc.init(
  new URL("../../api/schema?format=json", document.currentScript.src).href,
  { theme: { typography: { fontFamily: "sans-serif", headings: { fontFamily: "sans-serif" } } } },
  document.getElementById("redoc"),
);
