// <log-view>: follows the newest lines of a log while it is not paused, jumps between hits
// ("n" and "N" while the lines have the focus), and wraps lines without asking again.
const MOST = 2_000, SLOWEST = 60_000;
const millis = (line) => Date.parse(line.querySelector("time").textContent.replace(" ", "T") + "Z");

class LogView extends HTMLElement {
  connectedCallback() {
    this.lines = this.querySelector("[data-lines]");
    this.list = this.querySelector("ol");
    this.button = this.querySelector("[data-pause]");
    this.state = this.querySelector("[data-state]");
    if (this.list) this.querySelector("[data-wrap]").addEventListener("click", (event) => this.wrap(event));
    for (const link of this.querySelectorAll("[data-jump]")) {
      link.addEventListener("click", (event) => this.jump(Number(link.dataset.jump)) && event.preventDefault());
    }
    this.lines?.addEventListener("keydown", (event) => this.typed(event));
    const hit = this.querySelector("#hit");
    if (hit) this.center(hit);
    else if (this.lines && this.hasAttribute("data-at-end")) this.toEnd();
    if (!this.button) return;
    this.failures = 0;
    this.isPaused = localStorage.getItem("live-paused") === "yes";
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.toggle());
    this.show();
    this.schedule();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  center(line) {
    const middle = (element) => element.getBoundingClientRect().top + element.clientHeight / 2;
    this.lines.scrollTop += middle(line) - middle(this.lines);
  }

  toEnd() {
    this.lines.scrollTop = this.lines.scrollHeight;
  }

  toggle() {
    this.isPaused = !this.isPaused;
    this.show();
    if (!this.isPaused) this.ask();
  }

  show(problem = "") {
    this.button.setAttribute("aria-pressed", String(this.isPaused));
    this.button.textContent = this.isPaused ? "Follow" : "Pause";
    const text = problem || (this.isPaused ? "Paused" : "Following");
    if (this.state.textContent !== text) this.state.textContent = text;
  }

  schedule() {
    clearTimeout(this.timer);
    const pause = Math.min(this.dataset.seconds * 1000 * 2 ** this.failures, SLOWEST);
    this.timer = setTimeout(() => this.ask(), pause);
  }

  async ask() {
    if (this.isPaused) return;
    if (!document.hidden) {
      const url = new URL(location.href);
      url.searchParams.set("since", this.dataset.since);
      const headers = { "HX-Request": "true", "HX-Target": "tail" };
      const answer = await fetch(url, { headers, redirect: "manual" }).catch(() => null);
      const since = answer?.headers.get("Loopsweb-Log-Since");
      if (since) this.take(await answer.text(), since);
      else this.refuse(answer && answer.status < 600 && answer.status >= 400 ? (await answer.text()).slice(0, 300) : "");
    }
    if (this.isConnected) this.schedule();
  }

  refuse(why) {
    this.failures += 1;
    const isPlain = why && !why.trimStart().startsWith("<");
    this.show(`Not following: ${isPlain ? why : "loopsweb did not answer."} Trying again.`);
  }

  take(html, since) {
    this.failures = 0;
    this.show();
    const selection = getSelection();
    if (!selection.isCollapsed && this.contains(selection.anchorNode)) return;
    const isAtEnd = this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight < 40;
    const old = [...this.list.children].filter((line) => millis(line) >= Number(this.dataset.since));
    const template = document.createElement("template");
    template.innerHTML = html;
    this.dataset.since = since;
    const fresh = [...template.content.children];
    if (fresh.length === old.length && fresh.every((line, n) => line.isEqualNode(old[n]))) return;
    for (const line of old) line.remove();
    this.list.append(...fresh);
    for (const line of [...this.list.children].slice(0, -MOST)) line.remove();
    if (fresh.length) this.querySelector("[data-none]")?.remove();
    if (isAtEnd) this.toEnd();
  }

  typed(event) {
    if (event.key.toLowerCase() !== "n" || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.key === "n" ? 1 : -1;
    this.querySelector(`[data-jump="${step}"]`)?.click();
  }

  // True if the hit is on this page.
  jump(step) {
    const old = this.querySelector("#hit");
    if (!old) return false;
    const number = this.cycle(Number(old.dataset.hit) + step);
    const hit = this.querySelector(`[data-hit="${number}"]`);
    if (!hit || hit === old) return Boolean(hit);
    for (const name of ["id", "aria-current"]) {
      hit.setAttribute(name, old.getAttribute(name));
      old.removeAttribute(name);
    }
    this.center(hit);
    hit.scrollIntoView({ block: "nearest" });
    this.querySelector("[data-hit-number]").textContent = number.toLocaleString("en");
    for (const link of this.querySelectorAll("[data-jump]")) {
      const next = this.cycle(number + Number(link.dataset.jump));
      link.setAttribute("href", link.getAttribute("href").replace(/hit=\d+/, `hit=${next}`));
    }
    return true;
  }

  cycle(number) {
    const hits = Number(this.querySelector("[data-hits]").dataset.hits);
    return ((number - 1 + hits) % hits) + 1;
  }

  wrap(event) {
    event.preventDefault();
    const isWrapped = this.list.classList.toggle("nowrap") === false;
    const url = new URL(location.href);
    if (isWrapped) url.searchParams.delete("wrap");
    else url.searchParams.set("wrap", "no");
    history.replaceState(history.state, "", url);
    event.currentTarget.textContent = isWrapped ? "Do not wrap" : "Wrap lines";
  }
}

customElements.define("log-view", LogView);
