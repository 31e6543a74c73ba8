// <copy-button value="bt://…" label="URI">: a button that copies. Without JavaScript there is none.
class CopyButton extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    const button = document.createElement("button");
    button.type = "button";
    this.say(button, false);
    button.addEventListener("click", () => this.copy(button));
    this.append(button);
  }

  say(button, copied) {
    const label = this.getAttribute("label") ?? "this";
    button.innerHTML = `<svg aria-hidden="true"><use href="#icon-${copied ? "copied" : "copy"}"/></svg>`;
    button.setAttribute("aria-label", copied ? `Copied ${label}` : `Copy ${label}`);
    button.title = copied ? "Copied" : `Copy ${this.getAttribute("value")}`;
    this.toggleAttribute("data-copied", copied);
  }

  async copy(button) {
    await navigator.clipboard.writeText(this.getAttribute("value"));
    this.say(button, true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(button, false), 1500);
  }
}

customElements.define("copy-button", CopyButton);
