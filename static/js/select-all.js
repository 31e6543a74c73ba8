// <select-all>: one box that ticks every box of its form on the page. Without JavaScript it is hidden.
class SelectAll extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.querySelector("input").addEventListener("change", ({ target }) => {
      for (const box of this.closest("form").elements) if (box.name === "id") box.checked = target.checked;
    });
  }
}

customElements.define("select-all", SelectAll);
