// <chart-crosshair> around a chart: shows the values at the pointer, or at the arrow keys' place,
// as the table behind the chart has them.
class ChartCrosshair extends HTMLElement {
  connectedCallback() {
    this.svg = this.querySelector(".chart > svg");
    const moment = (element) => Date.parse(element.getAttribute("datetime"));
    [this.start, this.end] = [...this.querySelectorAll("figcaption time")].map(moment);
    this.rows = [...this.querySelectorAll("tbody tr")].map((row) => ({ row, at: moment(row.querySelector("time")) }));
    if (!this.rows.length || !(this.end > this.start)) return;
    this.names = [...this.querySelectorAll("thead th")].slice(1).map((heading) => heading.textContent);
    this.line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    this.line.setAttribute("class", "crosshair");
    this.output = document.createElement("output");
    this.append(this.output);
    this.svg.tabIndex = 0;
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => this.hide());
    this.svg.addEventListener("blur", () => this.hide());
    this.svg.addEventListener("keydown", (event) => this.typed(event));
  }

  point({ clientX }) {
    const box = this.svg.getBoundingClientRect();
    const at = this.start + ((clientX - box.left) / box.width) * (this.end - this.start);
    const far = (one) => Math.abs(one.at - at);
    this.show(this.rows.reduce((best, one, n) => (far(one) < far(this.rows[best]) ? n : best), 0));
  }

  typed(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") this.hide();
    if (!step) return;
    event.preventDefault();
    const last = this.rows.length - 1;
    this.show(Math.min(Math.max((this.place ?? (step > 0 ? -1 : last + 1)) + step, 0), last));
  }

  show(place) {
    this.place = place;
    const { row, at } = this.rows[place];
    const x = `${(100 * (at - this.start)) / (this.end - this.start)}%`;
    for (const [name, value] of [["x1", x], ["x2", x], ["y1", 16], ["y2", "100%"]]) this.line.setAttribute(name, value);
    if (!this.line.isConnected) this.svg.append(this.line);
    const [time, ...cells] = [...row.cells].map((cell) => cell.textContent);
    const values = cells.map((text, n) => (this.names.length > 1 ? `${this.names[n]} ${text}` : text));
    this.output.textContent = [time, ...values].join("  ·  ");
  }

  hide() {
    this.line.remove();
    this.output.textContent = "";
    this.place = undefined;
  }
}

customElements.define("chart-crosshair", ChartCrosshair);
