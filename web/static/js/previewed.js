// A page of the portal as the desk shows it beside a form: its questions open and close, nothing of it leads anywhere.
import { $, all, show } from "./page.js";
import { conditional } from "./questions.js";

document.body.inert = false;
for (const kind of ["click", "submit"]) document.addEventListener(kind, (event) => {
  if (kind === "submit" || event.target.closest("a, button")) { event.preventDefault(); event.stopPropagation(); }
}, true);
for (const link of all("a, button")) link.tabIndex = -1;
show();
const form = $("#details");
if (form) { const look = conditional(form); look(); form.addEventListener("input", look); }
