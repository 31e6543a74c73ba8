// Single keys: j and k go down and up a table, x selects the row, ? shows the keys. They are off
// while one types, and for whoever switched them off.
const STEPS = { j: 1, k: -1 };
const findLink = (row) => row.querySelector("td.main a[href], th[scope=row] a[href], a[href]");

function listRows() {
  return [...document.querySelectorAll("main table.rows tbody tr")].filter(findLink);
}

function move(step) {
  const rows = listRows();
  if (!rows.length) return;
  const current = rows.indexOf(document.activeElement.closest("tr"));
  const next = current < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(current + step, rows.length - 1));
  const link = findLink(rows[next]);
  link.focus({ preventScroll: true, focusVisible: true });
  rows[next].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const isTyping = target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.documentElement.dataset.keys === "off") return;
  if (STEPS[key]) move(STEPS[key]);
  else if (key === "x") document.activeElement.closest("tr")?.querySelector("input[name=id]")?.click();
  else if (key === "?") document.getElementById("keys")?.showModal();
  else return;
  event.preventDefault();
});

document.addEventListener("click", ({ target }) => {
  const dialog = document.getElementById("keys");
  if (target === dialog || target.closest?.("#keys [data-close]")) dialog.close();
  else if (target.closest?.("[data-show-keys]")) dialog.showModal();
});
for (const button of document.querySelectorAll("[data-show-keys]")) button.hidden = false;
