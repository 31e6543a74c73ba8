// Scrolls the navigation to the entry of the current page.
document.querySelector("header nav [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
