// <toast-list>: each message has a close button. Messages never close by themselves.
class ToastList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-close]");
      if (button) button.closest(".toast").remove();
    });
    for (const button of this.querySelectorAll("[data-close]")) button.hidden = false;
  }
}

customElements.define("toast-list", ToastList);
