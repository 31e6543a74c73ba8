// <auto-submit> around a filter form: submits it on every change.
const PAUSE = 250;

class AutoSubmit extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    for (const button of this.querySelectorAll("[data-without-js]")) button.hidden = true;
    this.addEventListener("change", (event) => event.target.type !== "search" && this.send(0));
    this.addEventListener("input", (event) => event.target.type === "search" && this.send(PAUSE));
  }

  send(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.form.requestSubmit(), wait);
  }
}

customElements.define("auto-submit", AutoSubmit);
