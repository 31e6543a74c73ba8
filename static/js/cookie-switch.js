// <cookie-switch>: buttons that choose how pages look, kept in the cookie `data-cookie` so that the
// server renders it. `data-name`: the data attribute of the page that holds the choice.
// `data-reload`: the server has to render the page anew.
class CookieSwitch extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    for (const button of this.querySelectorAll("button")) {
      if (button.value === "local") button.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
      button.addEventListener("click", () => this.choose(button.value));
    }
    this.show();
  }

  choose(value) {
    const age = value ? 31536000 : 0;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${this.dataset.cookie}=${value}; path=/; max-age=${age}; samesite=lax${secure}`;
    document.documentElement.dataset[this.dataset.name] = value;
    if ("reload" in this.dataset) location.reload();
    this.show();
  }

  show() {
    const value = document.documentElement.dataset[this.dataset.name] ?? "";
    for (const button of this.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === value));
    }
  }
}

customElements.define("cookie-switch", CookieSwitch);
