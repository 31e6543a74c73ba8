// <details class="drop"> closes on Escape, which leads the focus back, and on a click elsewhere.
const listOpen = () => document.querySelectorAll("details.drop[open]");

document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || document.querySelector("dialog:modal, :popover-open")) return;
  for (const drop of listOpen()) {
    drop.open = false;
    drop.querySelector("summary").focus();
  }
});

document.addEventListener("click", ({ target }) => {
  for (const drop of listOpen()) if (!drop.contains(target)) drop.open = false;
});
