// <time-ago><time datetime="…Z">2026-11-23 21:17 UTC</time></time-ago>: shows "12 s ago" by the server's clock.
const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
const MONTH = 30 * 86400;
const ticking = new Set();

const skew = Date.now() - Date.parse(document.documentElement.dataset.now);
const serverNow = () => Date.now() - (Math.abs(skew) > 5000 ? skew : 0);

function relative(seconds) {
  const size = Math.abs(seconds);
  const [unit, length] = UNITS.find(([, length]) => size >= length) ?? ["s", 1];
  const amount = `${Math.floor(size / length)} ${unit}`;
  return seconds < 0 ? `in ${amount}` : `${amount} ago`;
}

// As the server writes a duration: in the largest unit of which there are at least two.
function span(seconds) {
  const [unit, length] = UNITS.find(([, length]) => seconds >= 2 * length) ?? ["s", 1];
  return `${Math.max(Math.floor(seconds / length), 0)} ${unit}`;
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
    this.absolute = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
    this.tick();
  }

  tick() {
    const seconds = (serverNow() - Date.parse(this.time.dateTime)) / 1000;
    const isDue = seconds > -0.5 && this.hasAttribute("data-next");
    const text = isDue ? "now" : Math.abs(seconds) > MONTH ? this.absolute.slice(0, 10) : relative(seconds);
    if (this.hasAttribute("data-span")) {
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
