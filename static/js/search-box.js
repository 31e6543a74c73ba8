// <search-box>: a link to the search page which opens a dialog instead, with results while one types.
// "/" and Ctrl+K open it. What is chosen is opened as a page; nothing is done here.
const PAUSE = 120; // milliseconds

class SearchBox extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.field = this.querySelector("input");
    this.place = this.querySelector("#hits-of-search");
    this.link = this.querySelector("a");
    this.link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.open();
    });
    this.querySelector("[data-close]").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.field.addEventListener("input", () => this.wait());
    this.field.addEventListener("keydown", (event) => this.move(event));
    document.addEventListener("keydown", (event) => this.summon(event));
  }

  get hits() {
    return [...this.place.querySelectorAll("[role=option]")];
  }

  get active() {
    return this.place.querySelector("[aria-selected=true]");
  }

  summon(event) {
    const isCtrlK = event.key === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
    const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && this.mayUseKeys(event);
    if (!isCtrlK && !isSlash) return;
    event.preventDefault();
    this.open();
  }

  mayUseKeys({ target }) {
    const isTyping = target.closest?.("input, textarea, select, [contenteditable]");
    return !isTyping && document.documentElement.dataset.keys !== "off";
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
    this.field.select();
    if (!this.hits.length) this.ask();
  }

  wait() {
    this.isStale = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    this.asked?.abort();
    this.asked = new AbortController();
    const url = new URL(this.link.href);
    url.searchParams.set("q", this.field.value);
    const headers = { "HX-Request": "true", "HX-Target": "found" };
    try {
      const answer = await fetch(url, { headers, signal: this.asked.signal });
      const elsewhere = answer.headers.get("HX-Redirect");
      if (elsewhere) return location.assign(elsewhere);
      this.show(answer.ok ? await answer.text() : "", answer.ok);
    } catch (error) {
      if (error.name !== "AbortError") this.show("", false);
    }
  }

  show(html, isFound) {
    this.place.innerHTML = html;
    this.isStale = false;
    const count = this.hits.length;
    this.field.setAttribute("aria-expanded", String(count > 0));
    this.field.setAttribute("aria-controls", count ? "hits" : "hits-of-search");
    this.querySelector("[role=status]").textContent = isFound ? `${count} found` : "";
    if (!isFound) this.place.textContent = "The search did not answer. Press Enter to search on a page.";
    this.choose(this.field.value.trim() ? this.hits[0] : undefined);
  }

  choose(hit) {
    this.active?.setAttribute("aria-selected", "false");
    hit?.setAttribute("aria-selected", "true");
    hit?.scrollIntoView({ block: "nearest" });
    if (hit) this.field.setAttribute("aria-activedescendant", hit.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const { hits } = this;
    if (step && hits.length) {
      event.preventDefault();
      const from = hits.indexOf(this.active);
      this.choose(hits[(from + step + hits.length + (from < 0 && step < 0 ? 1 : 0)) % hits.length]);
    } else if (event.key === "Enter" && this.active && !this.isStale) {
      event.preventDefault();
      this.active.click();
    }
  }
}

customElements.define("search-box", SearchBox);
