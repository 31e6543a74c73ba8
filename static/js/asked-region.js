// <asked-region> in an element that htmx asks for: says when no answer came.
class AskedRegion extends HTMLElement {
  connectedCallback() {
    this.place = this.parentElement;
    this.gone = new AbortController();
    for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
      this.place.addEventListener(name, () => this.fail(), { signal: this.gone.signal });
    }
  }

  disconnectedCallback() {
    this.gone.abort();
  }

  fail() {
    this.querySelector("[role=status]").textContent = "loopsweb did not answer. Reload the page to ask again.";
  }
}

customElements.define("asked-region", AskedRegion);
