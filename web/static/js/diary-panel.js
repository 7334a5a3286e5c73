// The panel at the right: one booking with an address of its own. Not modal; Escape closes it and gives the focus back.
import { $, all, show } from "./page.js";

const panel = $("#panel");
const home = location.pathname + location.search;
let open = null;

export const panelIs = () => matchMedia("(min-width: 60em)").matches;
const line = (reference) => $(`#diary [data-ref="${CSS.escape(reference)}"]`);

export function mark() {
  for (const each of all("#diary .chosen")) each.classList.remove("chosen");
  if (open) line(open)?.classList.add("chosen");
}

export async function openPanel(reference, { push = true } = {}) {
  const address = `/desk/b/${encodeURIComponent(reference)}`;
  let text;
  try {
    const answer = await fetch(address, { headers: { "X-Part": "panel" } });
    if (!answer.ok) throw new Error(answer.status);
    text = await answer.text();
  } catch { location.assign(address); return; }
  const state = { reference, home };
  if (push) history[open ? "replaceState" : "pushState"](state, "", address);
  open = reference;
  fill(text);
  document.documentElement.classList.add("with-panel");
  mark();
  line(reference)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  $("[data-focus]", panel)?.focus({ preventScroll: true });
}

// What is done in the panel leads back to the diary, with the booking still open.
function fill(text) {
  panel.innerHTML = text;
  panel.hidden = false;
  show(panel);
  const back = `${home}#b-${open}`;
  for (const button of all("[data-close], [data-whole]", panel)) button.hidden = false;
  for (const field of all("input[name=to]", panel)) field.value = back;
  for (const link of all("a[href*='to='], a[href*='back=']", panel)) {
    const address = new URL(link.href);
    for (const name of ["to", "back"]) if (address.searchParams.has(name)) address.searchParams.set(name, back);
    link.href = address;
  }
}

export function closePanel({ pop = false } = {}) {
  if (!open) return;
  const before = line(open);
  open = null;
  panel.hidden = true;
  panel.replaceChildren();
  document.documentElement.classList.remove("with-panel");
  mark();
  if (!pop) history.replaceState(null, "", home);
  before?.focus();
}

panel.addEventListener("click", (event) => { if (event.target.closest("[data-close]")) closePanel(); });
addEventListener("popstate", (event) => {
  if (event.state?.reference) openPanel(event.state.reference, { push: false });
  else closePanel({ pop: true });
});

// Showing contacts and writing a note stay in the panel; a step goes to the diary, which then says how to undo it.
panel.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || !/\/(reveal|notes)$/.test(form.action)) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Part": "panel" } });
    if (!answer.headers.get("Content-Type")?.startsWith("text/html")) throw new Error(answer.status);
    fill(await answer.text());
    $(".error, [data-focus]", panel)?.focus();
  } catch { delete form.dataset.sent; form.submit(); }
});

// After a step the diary stands where it stood.
const KEPT = "diary-stands";
addEventListener("pagehide", () => sessionStorage.setItem(KEPT, JSON.stringify([home, scrollY, $(".diary-scroll")?.scrollTop ?? 0, $(".diary-scroll")?.scrollLeft ?? 0])));
const [where, down, inside, aside] = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
if (where === home) { scrollTo(0, down); $(".diary-scroll")?.scrollTo(aside, inside); }
