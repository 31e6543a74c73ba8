// <theme-switch>: light, dark or system, stored in a cookie so that the server renders it.
class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    for (const button of this.querySelectorAll("button")) {
      button.addEventListener("click", () => this.choose(button.value));
    }
    this.show();
  }

  choose(theme) {
    const age = theme ? 31536000 : 0;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${this.dataset.cookie}=${theme}; path=/; max-age=${age}; samesite=lax${secure}`;
    document.documentElement.dataset.theme = theme;
    this.show();
  }

  show() {
    const theme = document.documentElement.dataset.theme ?? "";
    for (const button of this.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  }
}

customElements.define("theme-switch", ThemeSwitch);
