// <copy-button label="URI">bt://…</copy-button>: adds a button that copies the text. The label defaults to "ID".
class CopyButton extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.text = this.textContent.trim();
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.addEventListener("click", () => this.copy());
    this.say(false);
    this.append(this.button);
  }

  say(copied) {
    const label = this.getAttribute("label") ?? "ID";
    this.button.setAttribute("aria-label", copied ? `Copied ${label}` : `Copy ${label} ${this.text}`);
    this.button.title = copied ? "Copied" : `Copy ${this.text}`;
    this.toggleAttribute("data-copied", copied);
  }

  async copy() {
    await navigator.clipboard.writeText(this.text);
    this.say(true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(false), 1500);
  }
}

customElements.define("copy-button", CopyButton);
