// <select-all>: a checkbox that ticks all checkboxes of its form and shows how many are ticked, and
// what they hold and cost by their data-gpus and data-usd.
// Without JavaScript it is hidden.
const add = (boxes, name) => boxes.reduce((sum, box) => sum + Number(box.dataset[name] ?? 0), 0);

function describe(boxes) {
  const gpus = add(boxes, "gpus");
  const unknown = (name) => (boxes.every((box) => name in box.dataset) ? "" : " + unknown");
  const usd = add(boxes, "usd").toLocaleString("en", { maximumFractionDigits: 0 });
  const held = `${gpus.toLocaleString("en")} ${gpus === 1 ? "GPU" : "GPUs"}${unknown("gpus")}`;
  return `${boxes.length} selected · ${held} · $${usd}/h${unknown("usd")}`;
}

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
    const chosen = boxes.filter((box) => box.checked);
    const ticked = chosen.length;
    this.all.checked = ticked > 0 && ticked === boxes.length;
    this.all.indeterminate = ticked > 0 && ticked < boxes.length;
    this.querySelector("output").textContent = ticked ? describe(chosen) : "";
    this.form.querySelector("button").disabled = ticked === 0;
  }
}

customElements.define("select-all", SelectAll);
