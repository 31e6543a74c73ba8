// A form that cannot reach loopsweb stays as it is, with a message at its button. It is tried first
// wherever loopsweb may be out of reach: offline, after a failed update, and on pages without updates.
const TRY_FOR = 5_000;
const REACHABLE = "/healthz";
const tried = new WeakSet(), notes = new WeakMap();
let isLost = false;
document.addEventListener("live:lost", () => (isLost = true));
document.addEventListener("live:read", () => (isLost = false));

function tell(form, button, text) {
  const note = notes.get(form) ?? document.createElement("p");
  notes.set(form, note);
  note.className = "unsent";
  note.setAttribute("role", "alert");
  (button?.closest(".actions") ?? form).append(note);
  note.textContent = text;
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const isAsked = form.method === "post" && !event.defaultPrevented && !tried.has(form);
  if (!isAsked || (navigator.onLine && !isLost && document.querySelector("live-region"))) return;
  event.preventDefault();
  if (form.dataset.trying) return;
  form.dataset.trying = "";
  try {
    await fetch(REACHABLE, { cache: "no-store", signal: AbortSignal.timeout(TRY_FOR) });
    notes.get(form)?.remove();
    tried.add(form);
    form.requestSubmit(submitter);
  } catch {
    tell(form, submitter, "Can't reach loopsweb. Nothing was sent. What you typed stays here: try again.");
  } finally {
    tried.delete(form);
    delete form.dataset.trying;
  }
});
