// The errors of a form that was sent have the focus, also where the address names a part of the page.
const summary = document.querySelector(".summary[role=alert]");
if (summary) addEventListener("load", () => setTimeout(() => summary.focus()));
