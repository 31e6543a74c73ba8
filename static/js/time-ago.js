// <time-ago><time datetime="…Z">2026-11-23 21:17 UTC</time></time-ago>: shows "12 s ago" by the server's clock.
const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
const MONTH = 30 * 86400;
const ticking = new Set();

const skew = Date.now() - Date.parse(document.documentElement.dataset.now);
const serverNow = () => Date.now() - (Math.abs(skew) > 5000 ? skew : 0);
let readAt = serverNow(), lostAt; // when the last answer came; that time while none comes

function relative(seconds) {
  const size = Math.abs(seconds);
  const [unit, length] = UNITS.find(([, length]) => size >= length) ?? ["s", 1];
  const amount = `${Math.floor(size / length)} ${unit}`;
  return seconds < 0 ? `in ${amount}` : `${amount} ago`;
}

// As the server writes a duration: in its two largest units.
function span(seconds) {
  const whole = Math.max(Math.floor(seconds), 0);
  const at = Math.max(UNITS.findIndex(([, length]) => whole >= length), whole ? 0 : UNITS.length - 1);
  const parts = UNITS.slice(at, at + 2).map(([unit, length], n) => [Math.floor((n ? whole % UNITS[at][1] : whole) / length), unit]);
  return parts.filter(([number], n) => number || !n).map((part) => part.join(" ")).join(" ");
}

// As the server writes it, in the zone of the page. UTC needs none of the browser's formatting, which is slow at first.
function absolute(iso) {
  const timeZone = document.documentElement.dataset.zone || "UTC";
  if (timeZone === "UTC") return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  const format = { timeZone, timeZoneName: "short", hourCycle: "h23" };
  const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  return new Date(iso).toLocaleString("sv-SE", { ...fields, ...format });
}

class TimeAgo extends HTMLElement {
  connectedCallback() {
    this.time = this.querySelector("time");
    if (!this.time) return;
    this.absolute ??= this.time.textContent;
    ticking.add(this);
    this.tick();
  }

  disconnectedCallback() {
    ticking.delete(this);
  }

  set moment(iso) {
    this.time.dateTime = iso;
    this.absolute = absolute(iso);
    this.tick();
  }

  tick() {
    const isSpan = this.hasAttribute("data-span");
    const now = isSpan && lostAt ? lostAt : serverNow();
    const seconds = (now - Date.parse(this.time.dateTime)) / 1000;
    const isDue = seconds > -0.5 && this.hasAttribute("data-next");
    const text = isDue ? "now" : Math.abs(seconds) > MONTH ? this.absolute.slice(0, 10) : relative(seconds);
    if (isSpan) {
      this.time.textContent = span(seconds);
      return;
    }
    if (this.time.textContent === text) return;
    this.time.textContent = text;
    this.time.title = this.absolute;
  }
}

customElements.define("time-ago", TimeAgo);
const tickAll = () => document.hidden || ticking.forEach((element) => element.tick());
setInterval(tickAll, 1000);
document.addEventListener("visibilitychange", tickAll);
// How long something has been idle is known up to the last answer; how old the answer is goes on.
document.addEventListener("live:read", () => ([readAt, lostAt] = [serverNow(), undefined]));
document.addEventListener("live:lost", () => (lostAt = readAt));
