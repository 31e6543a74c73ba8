// Where the navigation is a strip that scrolls, the entry of this page is in sight.
document.querySelector("header nav [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
