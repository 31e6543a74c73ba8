// Shows truncated text in full: on hover, also of a filter, and in a row that is clicked or tapped.
const CUT = ".middle, .clip, .brief, td.text, td.main .id, .who > *";
const FILTER = ".filters :is(select, [type=text], [type=search])";

const isCut = (one) => {
  const parts = one.matches(".middle") ? [...one.children] : [one];
  return parts.some((part) => part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight + 1);
};

document.addEventListener("pointerover", ({ target }) => {
  const cut = target.closest?.(CUT);
  if (cut && isCut(cut)) cut.title = cut.textContent.trim();
  const filter = target.closest?.(FILTER);
  if (filter) filter.title = filter.value && (filter.selectedOptions?.[0].text ?? filter.value);
});

document.addEventListener("click", ({ target }) => {
  const row = target.closest?.("tr, .lane, .feed > li");
  if (!row || target.closest("a, button, input, label, summary") || !getSelection().isCollapsed) return;
  if (row.matches("[data-whole]") || [...row.querySelectorAll(CUT)].some(isCut)) row.toggleAttribute("data-whole");
});
