// Shows truncated text in full on hover.
document.addEventListener("pointerover", ({ target }) => {
  const cut = target.closest?.(".clip, td.text, td.main .id");
  if (cut && cut.scrollWidth > cut.clientWidth) cut.title = cut.textContent.trim();
});
