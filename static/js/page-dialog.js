// <page-dialog>: opens the part `part` of the page that its link leads to in its dialog.
class PageDialog extends HTMLElement {
  connectedCallback() {
    this.link = this.querySelector("a");
    this.dialog = this.querySelector("dialog");
    this.link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.open();
    });
    this.addEventListener("click", ({ target }) => {
      if (target === this.dialog || target.closest("[data-close]")) this.dialog.close();
    });
  }

  // The request is that of the page as it is now, with what was typed into its form.
  get url() {
    const url = new URL(this.link.href);
    if (!url.searchParams.has("of")) return url;
    url.searchParams.set("of", location.pathname + location.search);
    const form = document.querySelector("[data-fields-of-request] form");
    for (const [name, value] of form ? new FormData(form) : []) {
      if (value && name !== "csrfmiddlewaretoken") url.searchParams.set(name, value);
    }
    return url;
  }

  async open() {
    try {
      const answer = await fetch(this.url, { headers: { "HX-Request": "true", "HX-Target": this.getAttribute("part") } });
      if (!answer.ok || answer.status === 204) throw new TypeError(answer.status);
      this.querySelector("[data-place]").innerHTML = await answer.text();
      this.dialog.showModal();
    } catch {
      location.assign(this.link.href);
    }
  }
}

customElements.define("page-dialog", PageDialog);
