// The service editor. Comfort only: every step works without this script, and the server judges again.
import { $, all } from "./page.js";
import { reorder } from "./reorder.js";
import { conditions } from "./asking.js";

const form = $("#service");
let turn = 0; // Of two pages asked for, only the later one is shown.
if (form) {
  // What belongs to one choice alone is there with it.
  const wish = (name) => { const data = new FormData(form); return data.get(name); };
  const fit = () => {
    for (const box of all("[data-only]", form)) { const [name, value] = box.dataset.only.split("="); box.hidden = wish(name) !== value; }
    for (const need of all("[data-need]", form)) {
      const kind = $("select[name$='.kind']", need).value;
      for (const each of all("[data-kind]", need)) each.hidden = each.dataset.kind !== kind && !$("input", each).checked;
    }
  };
  bar(form);
  const asked = $("[data-asked]", form), look = asked ? conditions(asked) : () => {};
  if (asked) reorder(asked, { done: () => { look(); changed(); } });

  let sent = false, dirty = "unsaved" in form.dataset, waiting = 0;
  const told = $("[data-changed]", form);
  function changed() {
    dirty = true;
    told.hidden = false;
    clearTimeout(waiting);
    waiting = setTimeout(preview, 400);
  }
  form.addEventListener("input", (event) => { fit(); bar(form); look(); if (event.target.name === "shown_in") preview(); else changed(); });
  form.addEventListener("submit", () => { sent = true; });
  for (const each of all("[name=shown_in]")) each.addEventListener("change", preview);
  $("[data-discard]", form).addEventListener("click", () => { sent = true; });
  window.addEventListener("beforeunload", (event) => { if (dirty && !sent) event.preventDefault(); });
  fit();
  preview();
}

// Preparation, visit and tidying, drawn to scale.
function bar(from) {
  const drawn = $("[data-bar]", from);
  if (!drawn) return;
  const number = (name) => Math.max(0, Number($(`[name="${name}"]`, from).value) || 0);
  const unit = $("[name='length.0.unit']", from), times = { 1: 1, 60: 60, d: 1440 }[unit.value];
  const lasts = [number("buffer_before"), number("length.0") * times || 1, number("buffer_after")], whole = lasts[0] + lasts[1] + lasts[2];
  let x = 0;
  all("rect", drawn).forEach((rect, n) => {
    const width = (lasts[n] / whole) * 1000;
    rect.setAttribute("x", x);
    rect.setAttribute("width", width);
    x += width;
  });
  $("[data-before]", drawn).textContent = lasts[0] || "";
  $("[data-visit]", drawn).textContent = `${$("[name='length.0']", from).value} ${unit.selectedOptions[0].textContent}`;
  $("[data-after]", drawn).textContent = lasts[2] || "";
}

// The page beside the form. The new one is laid out behind the old one and takes its place when it is there.
async function preview() {
  const mine = ++turn, data = new FormData(form), caption = $("[data-shown]");
  const language = $("[name=shown_in]:checked");
  if (language) data.set("shown_in", language.value);
  // What cannot be shown yet leaves the page as it was; where there is none yet, the one that is saved.
  if (!$(".phone iframe").srcdoc) data.set("as_saved", "1");
  const answer = await fetch(form.dataset.preview, { method: "POST", headers: { "X-Part": "preview" }, body: new URLSearchParams(data) }).catch(() => null);
  if (!answer || mine !== turn) return;
  caption.textContent = answer.ok ? caption.dataset.fine : caption.dataset.odd;
  const html = await answer.text(), old = $(".phone iframe"), next = old.cloneNode();
  if (!answer.ok && old.srcdoc) return;
  const before = old.contentDocument, answers = before ? all("[name^=q_]", before).map((each) => [each.name, each.type, each.value, each.checked]) : [];
  next.className = "coming";
  next.removeAttribute("src");
  next.srcdoc = html;
  next.addEventListener("load", () => {
    const after = next.contentDocument;
    for (const [name, type, value, checked] of answers) {
      for (const each of all(`[name="${CSS.escape(name)}"]`, after)) {
        if (type === "radio" || type === "checkbox") { if (each.value === value) each.checked = checked; } else each.value = value;
      }
    }
    $("#details", after)?.dispatchEvent(new Event("input"));
    // The first time it shows what this part of the form is about.
    const about = old.srcdoc ? null : $({ questions: ".question", rules: ".policy" }[form.dataset.tab] ?? ".none", after);
    // By its own window: scrollIntoView would move the page around it, too.
    const middle = about ? about.getBoundingClientRect().top + (about.offsetHeight - next.clientHeight) / 2 : 0;
    if (about) next.contentWindow.scrollTo(0, middle); else next.contentWindow.scrollTo(0, old.contentWindow?.scrollY ?? 0);
    old.remove();
    next.classList.remove("coming");
  });
  old.after(next);
}

// The list: dragged or moved by its arrows, kept at once.
const list = $("[data-order]");
if (list) {
  reorder(list, {
    done: async () => {
      const data = new URLSearchParams(new FormData(list));
      const answer = await fetch(list.action, { method: "POST", headers: { "X-Part": "order" }, body: data }).catch(() => null);
      if (!answer?.ok) location.reload();
    },
  });
}
