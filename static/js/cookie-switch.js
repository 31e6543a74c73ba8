// <cookie-switch>: buttons that choose how pages look, kept in the cookie `data-cookie` so that the
// server renders it. `data-name`: the data attribute of the page that holds the choice.
// `data-reload`: the server has to render the page anew.
const localZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone; // slow when first called

class CookieSwitch extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    for (const button of this.querySelectorAll("button")) {
      button.addEventListener("click", () => this.choose(button.value));
    }
    this.show();
  }

  choose(chosen) {
    const value = chosen === "local" ? localZone() : chosen;
    const age = value ? 31536000 : 0;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${this.dataset.cookie}=${value}; path=/; max-age=${age}; samesite=lax${secure}`;
    document.documentElement.dataset[this.dataset.name] = value;
    if ("reload" in this.dataset) location.reload();
    this.show();
  }

  show() {
    const value = document.documentElement.dataset[this.dataset.name] ?? "";
    const buttons = [...this.querySelectorAll("button")];
    const isNamed = buttons.some((button) => button.value === value);
    for (const button of buttons) {
      const isLocal = !isNamed && button.value === "local" && value === localZone();
      button.setAttribute("aria-pressed", String(isLocal || button.value === value));
    }
  }
}

customElements.define("cookie-switch", CookieSwitch);
