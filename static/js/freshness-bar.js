// <freshness-bar>: updates "as of", warns when loopsweb cannot be reached, and pauses live regions.
const PAUSED = "live-paused";
const LATE_AFTER = 60_000;

class FreshnessBar extends HTMLElement {
  connectedCallback() {
    this.state = this.dataset.state;
    this.gone = new AbortController();
    const on = (target, name, handle) => target.addEventListener(name, handle, { signal: this.gone.signal });
    on(document, "live:read", (event) => this.read(event.detail));
    on(document, "live:lost", (event) => this.lost(event.detail));
    this.button = this.querySelector("[data-pause]");
    if (!this.button || !document.querySelector("live-region")) return;
    this.button.hidden = false;
    on(this.button, "click", () => this.toggle());
    this.show();
  }

  disconnectedCallback() {
    this.gone.abort();
  }

  get isPaused() {
    return localStorage.getItem(PAUSED) === "yes";
  }

  toggle() {
    localStorage.setItem(PAUSED, this.isPaused ? "no" : "yes");
    this.show();
    document.dispatchEvent(new CustomEvent("live:pause"));
  }

  show() {
    this.toggleAttribute("data-paused", this.isPaused);
    this.button.setAttribute("aria-pressed", String(this.isPaused));
    this.button.querySelector("[data-word]").textContent = this.isPaused ? "Resume updates" : "Pause updates";
  }

  read({ asOf, next }) {
    const [asOfTime, nextTime] = [this.querySelector("[data-as-of]"), this.querySelector("[data-next]")];
    if (asOf && asOfTime) asOfTime.moment = asOf;
    if (next && nextTime) nextTime.moment = next;
    const isLate = next && Date.now() - Date.parse(next) > LATE_AFTER;
    this.dataset.state = isLate && this.state === "ok" ? "late" : this.state;
    this.alert(isLate ? "Updates are late." : "");
  }

  lost({ since }) {
    this.dataset.state = "lost";
    this.alert(`Can't reach loopsweb since ${since.toISOString().slice(11, 19)} UTC. Trying again.`);
  }

  alert(text) {
    const place = this.querySelector("[role=status]");
    if (place.textContent !== text) place.textContent = text;
  }
}

customElements.define("freshness-bar", FreshnessBar);
