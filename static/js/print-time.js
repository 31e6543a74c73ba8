// The foot of a printed page tells when it was printed, not when it was loaded.
addEventListener("beforeprint", () => {
  const now = new Date().toISOString();
  for (const time of document.querySelectorAll(".printed time")) {
    time.dateTime = now;
    time.textContent = `${now.slice(0, 10)} ${now.slice(11, 19)} UTC`;
  }
});
