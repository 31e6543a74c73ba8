// <copy-button label="URI">bt://…</copy-button>: adds a button that copies the text. The label defaults to "ID".
const SHOWN = { copied: 1500, selected: 8000 }; // milliseconds

class CopyButton extends HTMLElement {
  connectedCallback() {
    if (this.button) return;
    this.text = this.textContent.trim();
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.addEventListener("click", () => this.copy());
    this.say("");
    this.append(this.button);
  }

  say(outcome) {
    const label = this.getAttribute("label") ?? "ID";
    const selected = outcome === "selected" ? "Selected. Press Ctrl+C or ⌘C to copy." : "";
    this.button.setAttribute("aria-label", selected || (outcome ? `Copied ${label}` : `Copy ${label} ${this.text}`));
    this.button.title = selected || (outcome ? "Copied" : `Copy ${this.text}`);
    this.button.textContent = selected;
    this.toggleAttribute("data-copied", outcome === "copied");
    this.toggleAttribute("data-selected", outcome === "selected");
  }

  async copy() {
    const outcome = (await this.write()) || this.copySelection() ? "copied" : "selected";
    this.say(outcome);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(""), SHOWN[outcome]);
  }

  // Over plain http browsers have no navigator.clipboard, and elsewhere people may forbid it.
  async write() {
    try {
      await navigator.clipboard.writeText(this.text);
      return true;
    } catch {
      return false;
    }
  }

  copySelection() {
    getSelection().selectAllChildren(this.firstElementChild);
    return document.execCommand("copy");
  }
}

customElements.define("copy-button", CopyButton);
