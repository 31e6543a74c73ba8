// Scrolls the navigation to the entry of the current page.
document.querySelector("header nav [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Marks the saved view that is open, as the server does, also after a filter changed the address.
const OF_A_MOMENT = ["page", "v"];

function list(url) {
  const given = [...new URL(url, location).searchParams].filter(([name, value]) => value && !OF_A_MOMENT.includes(name));
  return JSON.stringify(given.sort());
}

document.addEventListener("htmx:pushedIntoHistory", () => {
  for (const link of document.querySelectorAll(".list-bar nav a")) {
    if (new URL(link.href).pathname !== location.pathname) continue;
    if (list(link.href) === list(location)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
});
