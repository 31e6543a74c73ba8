// <auto-submit> around a filter form: submits it on every change. "/" focuses its search field.
const PAUSE = 250;

class AutoSubmit extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    for (const button of this.querySelectorAll("[data-without-js]")) button.hidden = true;
    this.addEventListener("change", (event) => event.target.type !== "search" && this.send(0));
    this.addEventListener("input", (event) => event.target.type === "search" && this.send(PAUSE));
    this.slash = (event) => this.toSearch(event);
    document.addEventListener("keydown", this.slash);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.slash);
  }

  send(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.form.requestSubmit(), wait);
  }

  toSearch(event) {
    const isTyping = event.target.closest?.("input, textarea, select");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || isTyping) return;
    event.preventDefault();
    this.querySelector("[type=search]")?.focus();
  }
}

customElements.define("auto-submit", AutoSubmit);
