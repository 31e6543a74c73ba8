// <live-region id="live" data-version="…">: polls its own page and swaps in what changed.
// The server answers 204 while the version is the same. Polls fast while used, slowly when idle,
// not at all when hidden or paused, and ever more slowly after failures.
const FAST = 2_000, SLOW = 15_000, SLOWEST = 60_000, IDLE_AFTER = 60_000;
const FOCUSABLE = "a[href], button, input, select, textarea, summary";
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

class LiveRegion extends HTMLElement {
  connectedCallback() {
    this.version = this.dataset.version;
    this.failures = this.turn = 0;
    this.usedAt = Date.now();
    this.gone = new AbortController();
    const on = (target, name, handle) => target.addEventListener(name, handle, { signal: this.gone.signal, passive: true });
    for (const name of ["pointermove", "pointerdown", "keydown", "scroll"]) on(document, name, () => this.used());
    on(document, "visibilitychange", () => this.resume());
    on(document, "live:pause", () => this.resume());
    on(window, "online", () => this.resume());
    on(this, "htmx:beforeSwap", (event) => this.beforeSwap(event));
    on(this, "htmx:afterSwap", (event) => this.afterSwap(event));
    on(document, "htmx:beforeSend", (event) => this.sent(event.detail));
    on(document, "htmx:afterRequest", (event) => this.received(event.detail));
    this.schedule();
  }

  disconnectedCallback() {
    this.gone.abort();
    clearTimeout(this.timer);
  }

  get isStopped() {
    return document.hidden || localStorage.getItem("live-paused") === "yes";
  }

  get pace() {
    if (this.failures) return Math.min(FAST * 2 ** this.failures, SLOWEST);
    return Date.now() - this.usedAt < IDLE_AFTER ? FAST : SLOW;
  }

  used() {
    const wasIdle = Date.now() - this.usedAt > IDLE_AFTER;
    this.usedAt = Date.now();
    if (wasIdle) this.resume();
  }

  resume() {
    clearTimeout(this.timer);
    if (!this.isStopped) this.ask();
  }

  schedule() {
    clearTimeout(this.timer);
    if (!this.isStopped) this.timer = setTimeout(() => this.ask(), this.pace);
  }

  ask() {
    if (this.asking || this.isOvertaken) return this.schedule();
    this.asking = true;
    const url = new URL(location.href);
    url.searchParams.set("v", this.version);
    htmx.ajax("GET", url.pathname + url.search, { source: this, target: this, swap: "live" }).catch(() => {});
  }

  // A filter or page link that targets this region cancels a running poll.
  sent({ elt, target }) {
    if (target !== this) return;
    this.isOvertaken = elt !== this;
    if (this.isOvertaken) this.turn += 1;
    else this.askedInTurn = this.turn;
  }

  received(detail) {
    if (detail.elt === this) this.answered(detail);
    else if (detail.target === this) this.isOvertaken = false;
  }

  beforeSwap(event) {
    if (event.target !== this) return;
    const isOwn = event.detail.requestConfig.elt === this;
    const selection = getSelection();
    const field = this.contains(document.activeElement) ? document.activeElement : null;
    const isTyping = field?.matches("input:not([type=checkbox]), textarea") && field.value !== "";
    const isBusy = isTyping || (!selection.isCollapsed && this.contains(selection.anchorNode));
    if (isOwn && (this.askedInTurn !== this.turn || isBusy)) {
      event.detail.shouldSwap = false;
      return;
    }
    const active = this.contains(document.activeElement) ? document.activeElement : null;
    const row = active?.closest("[data-key]");
    this.kept = {
      key: row?.dataset.key,
      index: active ? [...(row ?? this).querySelectorAll(FOCUSABLE)].indexOf(active) : -1,
      open: [...this.querySelectorAll("details[open][data-key]")].map((element) => element.dataset.key),
      ticked: [...this.querySelectorAll("input[type=checkbox][name]:checked")].map((box) => [box.name, box.value]),
      left: this.querySelector(".scroll")?.scrollLeft ?? 0,
    };
  }

  afterSwap({ target, detail }) {
    if (target !== this) return;
    this.version = detail.xhr.getResponseHeader("Loopsweb-Version") ?? this.version;
    const find = (key) => this.querySelector(`[data-key="${CSS.escape(key)}"]`);
    for (const key of this.kept?.open ?? []) find(key)?.setAttribute("open", "");
    for (const [name, value] of this.kept?.ticked ?? []) {
      const box = this.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`);
      if (box) box.checked = true;
    }
    if (this.kept?.left) this.querySelector(".scroll")?.scrollTo({ left: this.kept.left });
    if (!this.kept || this.kept.index < 0) return;
    const home = this.kept.key === undefined ? this : find(this.kept.key);
    home?.querySelectorAll(FOCUSABLE)[this.kept.index]?.focus({ preventScroll: true });
  }

  answered({ successful, xhr }) {
    this.asking = false;
    if (xhr.status === 403 || xhr.status === 404) return location.reload();
    this.failures = successful ? 0 : this.failures + 1;
    if (successful) {
      const header = (name) => xhr.getResponseHeader(name);
      tell("live:read", { asOf: header("Loopsweb-As-Of"), next: header("Loopsweb-Next-Poll") });
      this.lostAt = undefined;
    } else {
      this.lostAt ??= new Date();
      tell("live:lost", { since: this.lostAt });
    }
    this.toggleAttribute("data-stale", !successful);
    this.schedule();
  }
}

customElements.define("live-region", LiveRegion);
