// <toast-list>: each message has a close button. What went well leaves by itself after a while,
// which stands still under the pointer and the focus; warnings and errors stay.
const STAYS = 12_000; // milliseconds
const STAYING = ".warning, .error";

class ToastList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => event.target.closest("[data-close]")?.closest(".toast").remove());
    for (const button of this.querySelectorAll("[data-close]")) button.hidden = false;
    for (const name of ["pointerenter", "focusin"]) this.addEventListener(name, () => clearTimeout(this.timer));
    for (const name of ["pointerleave", "focusout"]) this.addEventListener(name, () => this.wait());
    this.wait();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.leave(), STAYS);
  }

  leave() {
    for (const toast of this.querySelectorAll(`.toast:not(${STAYING})`)) toast.remove();
  }
}

customElements.define("toast-list", ToastList);
