// Comfort only: every page of the desk works without this script, and the server judges again.
import { $, all, say } from "./page.js";
import { conditional } from "./questions.js";
import "./fields.js";

// A password that is typed can be looked at.
for (const button of all("[data-show]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.show), plain = field.type === "text";
    field.type = plain ? "password" : "text";
    button.setAttribute("aria-pressed", String(!plain));
  });
}

// One press of each key does what the button beside it says: g and a letter goes to a room, / searches.
let going = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
  if (event.key === "/" && $("#search")) { event.preventDefault(); $("#search").focus(); return; }
  if (event.key === "g") { going = Date.now(); return; }
  if (Date.now() - going < 1500) $(`[data-go="${CSS.escape(event.key)}"]`)?.click();
  going = 0;
});

// Menus close with a click elsewhere and with Escape, which gives the focus back.
document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all("details.menu[open]")) { menu.open = false; $("summary", menu).focus(); }
});

// What was done stays at the bottom for ten seconds, and as long as it is hovered or focused.
const toast = $(".toast");
if (toast) {
  say($("p", toast).textContent);
  const wait = () => setTimeout(() => { if (toast.matches(":hover, :focus-within")) wait(); else toast.remove(); }, 10000);
  wait();
}

// How many requests are selected.
const several = $("form[data-several]");
if (several) {
  const told = $("[data-count]", several);
  const count = () => {
    const ticked = all("[name=reference]:checked", several).length;
    told.hidden = !ticked;
    told.textContent = told.dataset.count.replace("{n}", ticked);
  };
  several.addEventListener("change", count);
  count();
}

// Questions appear with the answers that ask for them.
const conditionals = all("form[data-questions]").map((form) => {
  const refresh = conditional(form);
  form.addEventListener("input", refresh);
  refresh();
  return refresh;
});

// At the telephone: what was typed is looked up while one types on; only the last answer is shown.
const telephone = $("#telephone");
if (telephone) {
  const turns = {}, parts = { customers: "#found", times: "#offered", service: "#service-part", questions: "#questions", why: "#why" };
  const ask = async (part) => {
    const mine = (turns[part] = (turns[part] ?? 0) + 1), address = new URL(telephone.dataset.live, location.href);
    for (const [name, value] of new FormData(telephone)) if (!["csrf_token", "key"].includes(name) && value) address.searchParams.append(name, value);
    const answer = await fetch(address, { headers: { "X-Part": part } });
    if (answer.status !== 200 || mine !== turns[part]) return;
    $(parts[part]).innerHTML = await answer.text();
    for (const refresh of conditionals) refresh();
    if (part === "customers") take();
    if (part === "service") for (const next of ["times", "questions", "why"]) ask(next).catch(() => {});
  };
  // The one who was found fills the fields that nobody has typed into.
  const take = () => {
    const chosen = $("[name=customer]:checked", telephone);
    if (!chosen) return;
    for (const name of ["name", "phone", "email"]) {
      const field = telephone.elements[name], value = chosen.dataset[name];
      if (value && (field.value === "" || field.dataset.filled === field.value)) { field.value = value; field.dataset.filled = value; }
    }
  };
  const waiting = {}, soon = (part) => {
    clearTimeout(waiting[part]);
    waiting[part] = setTimeout(() => ask(part).catch(() => {}), 200);
  };
  telephone.addEventListener("input", (event) => {
    const part = { who: "customers", wish: "times", length: "times", seats: "times" }[event.target.name];
    if (event.target.name === "day" || event.target.name === "hour") {
      const other = $("[name=start][value=other]", telephone);
      if (other) other.checked = true;
      soon("why");
    }
    if (!part) return;
    soon(part);
    if (part === "times") soon("why");
  });
  telephone.addEventListener("change", (event) => {
    const name = event.target.name;
    if (name === "service" || name === "location") ask("service").catch(() => {});
    if (name === "with") for (const part of ["times", "why"]) ask(part).catch(() => {});
    if (name === "start") ask("why").catch(() => {});
    if (name === "customer") { take(); ask("customers").catch(() => {}); }
    if (name === "who" && telephone.elements.name.value === "" && !$("[name=customer]:checked", telephone)) {
      const typed = event.target.value.trim();
      if (typed && !/\d/.test(typed) && !typed.includes("@")) telephone.elements.name.value = typed;
      if (/^[+\d()./ -]+$/.test(typed)) telephone.elements.phone.value = typed;
    }
  });
  take();
  // The ring, and one types.
  if (!$("#mend")) telephone.elements.who.focus();
}

// A list that follows what is typed into its search.
const typed = $("form[data-typed]");
if (typed) {
  let turn = 0, waiting;
  const ask = async () => {
    const mine = ++turn, address = new URL(typed.action);
    for (const [name, value] of new FormData(typed)) if (value) address.searchParams.append(name, value);
    const answer = await fetch(address, { headers: { "X-Part": "list" } });
    if (answer.status !== 200 || mine !== turn) return;
    $(typed.dataset.typed).innerHTML = await answer.text();
    history.replaceState(null, "", address);
  };
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(() => ask().catch(() => {}), 150); };
  typed.addEventListener("input", soon);
}

// A page that is made to be printed.
for (const button of all("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
