// Shows truncated text in full on hover.
document.addEventListener("pointerover", ({ target }) => {
  const cut = target.closest?.(".middle, .clip, td.text, td.main .id");
  const hidden = cut?.matches(".middle") ? cut.firstElementChild : cut;
  if (cut && hidden.scrollWidth > hidden.clientWidth) cut.title = cut.textContent.trim();
});
