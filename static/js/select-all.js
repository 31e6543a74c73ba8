// <select-all>: a checkbox that ticks all checkboxes of its form and shows how many are ticked.
// Without JavaScript it is hidden.
class SelectAll extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.form = this.closest("form");
    this.all = this.querySelector("input");
    this.changed = ({ target }) => {
      if (target.form === this.form) this.count(target);
    };
    document.addEventListener("change", this.changed);
    this.count();
  }

  disconnectedCallback() {
    document.removeEventListener("change", this.changed);
  }

  count(target) {
    const boxes = [...this.form.elements].filter((box) => box.name === "id");
    if (target === this.all) for (const box of boxes) box.checked = this.all.checked;
    const ticked = boxes.filter((box) => box.checked).length;
    this.all.checked = ticked > 0 && ticked === boxes.length;
    this.all.indeterminate = ticked > 0 && ticked < boxes.length;
    this.querySelector("output").textContent = ticked ? `${ticked} selected` : "";
    this.form.querySelector("button").disabled = ticked === 0;
  }
}

customElements.define("select-all", SelectAll);
