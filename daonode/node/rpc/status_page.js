"use strict";
// Without this script the page is the same, as of when it was loaded.
setInterval(async () => {
  const main = document.querySelector("main");
  if (document.hidden || main.contains(document.activeElement) || String(getSelection())) return;
  try {
    const answer = await fetch("/", { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    main.replaceWith(page.querySelector("main"));
    document.title = page.title;
  } catch {
    document.title = "(no answer) " + document.title.replace("(no answer) ", "");
  }
}, 2000);
