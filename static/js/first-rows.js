// A live region is drawn in two steps: the rows that are seen at once, then those further down.
const ROW = 37; // pixels that a row takes at least
const FRAME = 200; // pixels above the table at least
const CUT = ".middle > *, .clip, .id, .status";
const isTable = matchMedia("(min-width: 641px)"); // narrow windows have cards
let held = []; // rows that wait for their turn
let room; // pixels from the top of the region to the end of the window
let kept; // the table whose columns keep their widths

const listRows = (table) => [...table.tBodies].flatMap((body) => [...body.rows]);

function hold(table, room) {
  const rows = table?.tHead ? listRows(table) : [];
  const next = rows.filter((row) => !row.matches(".more"))[Math.max(Math.ceil(room / ROW), 1)];
  held = next ? rows.slice(rows.indexOf(next)) : [];
  if (!next) return;
  const widest = isTable.matches ? findWidest(rows.slice(0, rows.indexOf(next)), held) : new Set();
  for (const row of held) {
    if (widest.has(row)) row.style.visibility = "collapse"; // takes no height, and gives the columns their width
    else row.hidden = true;
  }
  requestAnimationFrame(() => setTimeout(release, 0, table));
}

// Of each column the longest texts that are not among the first ones and no shorter than those.
function findWidest(first, others) {
  const read = (rows, n) => new Map(rows.filter((row) => row.cells[n]).map((row) => [row.cells[n].textContent.trim(), row]));
  const found = [...first[0].cells].flatMap((_, n) => {
    const shown = read(first, n), least = Math.max(...[...shown.keys()].map((text) => text.length));
    const longer = [...read(others, n)].filter(([text]) => text.length >= least && !shown.has(text));
    return longer.sort(([one], [other]) => other.length - one.length).slice(0, 2);
  });
  return new Set(found.map(([, row]) => row));
}

// Columns stay where they are, unless one that showed all of its texts would cut one now.
function release(table) {
  if (!table.isConnected) return;
  const tight = isTable.matches && findTight(listRows(table).filter((row) => !held.includes(row)));
  if (isTable.matches) keep(table);
  for (const row of held) [row.hidden, row.style.visibility] = [false, ""];
  if (isTable.matches && [...findTight(held)].some((column) => !tight.has(column))) letGo();
}

// The numbers of the columns in which a text has too little room.
function findTight(rows) {
  const isTight = (one) => one.scrollWidth > one.clientWidth;
  const cells = rows.flatMap((row) => [...row.cells]).filter((cell) => [cell, ...cell.querySelectorAll(CUT)].some(isTight));
  return new Set(cells.map((cell) => cell.cellIndex));
}

function keep(table) {
  const headings = [...table.tHead.rows[0].cells];
  const widths = headings.map((heading) => heading.getBoundingClientRect().width);
  headings.forEach((heading, n) => (heading.style.width = `${widths[n]}px`));
  table.style.tableLayout = "fixed";
  kept = table;
}

function letGo() {
  if (!kept) return;
  kept.style.tableLayout = "";
  for (const heading of kept.tHead.rows[0].cells) heading.style.width = "";
  kept = undefined;
}

// hx-swap="live": as innerHTML, but htmx looks at no element that goes, and at few that come.
function swap(style, target, fragment) {
  if (style !== "live") return false;
  if (!document.activeElement?.closest("live-region tbody")) hold(fragment.querySelector("table.rows"), room);
  target.replaceChildren(fragment);
  return [...target.querySelectorAll("[hx-boost], [hx-get]")];
}

addEventListener("resize", letGo);
document.addEventListener("htmx:beforeSwap", ({ target }) => (room = innerHeight - target.getBoundingClientRect().top));
document.addEventListener("DOMContentLoaded", () => globalThis.htmx?.defineExtension("live", { handleSwap: swap }));

// A page that is returned to, or opened at a place of its own, scrolls there first.
const [navigation] = performance.getEntriesByType("navigation");
if (navigation?.type === "navigate" && !location.hash) hold(document.querySelector("live-region table.rows"), outerHeight - FRAME);
