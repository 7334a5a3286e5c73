// Comfort only: every step works without this script, and the server judges again.
import { holds } from "./conditions.js";

const $ = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const say = (text) => { const place = $("#said"); if (place) place.textContent = text; };

document.documentElement.classList.add("scripted");
const show = (from = document) => all("[data-script]", from).forEach((each) => { each.hidden = false; });
show();

// The customer's own zone, for the times beside the venue's.
try {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes("tz=")) {
    document.cookie = `tz=${zone};path=/;max-age=31536000;samesite=lax` + (location.protocol === "https:" ? ";secure" : "");
    if ($("#times")) setTimeout(() => swap(location.href, { quiet: true }), 0);
  }
} catch { /* no zone, no second time */ }

// A pressed button says what it is doing; a second tap does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method === "get") return;
  form.dataset.sent = "1";
  if (button?.dataset.doing) {
    button.style.minWidth = `${button.offsetWidth}px`;
    button.textContent = button.dataset.doing;
  }
  button?.setAttribute("aria-disabled", "true");
});
window.addEventListener("pageshow", () => all("form").forEach((form) => { delete form.dataset.sent; }));

// Copying the reference.
all("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy));
});

// What a page says first gets the focus.
($("#mend") ?? $("#lost") ?? $("[data-focus]"))?.focus();

// The time page.
const times = $("#times");
let gone = new Set();

// The part brings its first free time along, which stands beside the title.
function place(html) {
  times.innerHTML = html;
  const first = $("#first", times);
  if (first) $("#first")?.replaceWith(first);
}

async function swap(href, { focus = null, push = false, quiet = false } = {}) {
  const address = new URL(href, location.href);
  const answer = await fetch(address, { headers: { "X-Part": "times" } });
  if (answer.status === 204) return;
  if (!answer.ok) { if (!quiet) location.href = href; return; }
  place(await answer.text());
  times.dataset.version = answer.headers.get("X-Version");
  times.dataset.live = address.pathname + address.search;
  gone = new Set();
  show(times);
  if (push) history.pushState({}, "", address);
  if (focus === "day") { const day = $("#day"); day?.focus(); day?.scrollIntoView({ block: "nearest" }); }
  if (focus === "month") $("#month")?.scrollIntoView({ block: "nearest" });
}

if (times) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    swap(link.href, { focus: link.dataset.swap === "month" ? "month" : "day", push: true }).catch(() => { location.href = link.href; });
  });
  window.addEventListener("popstate", () => swap(location.href, { quiet: true }).catch(() => location.reload()));

  // A month is a grid: arrows move by day and week.
  times.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".day > *");
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
    if (!cell) return;
    if (event.key === "PageUp" || event.key === "PageDown") {
      const link = all("a.round", times)[event.key === "PageUp" ? 0 : all("a.round", times).length - 1];
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const cells = all(".day > *", times), at = cells.indexOf(cell), column = cell.parentElement.cellIndex;
    const to = event.key === "Home" ? at - column : event.key === "End" ? at + 6 - column : event.key in steps ? at + steps[event.key] : null;
    if (to === null) return;
    event.preventDefault();
    cells[Math.max(0, Math.min(cells.length - 1, to))].focus();
  });

  // A choice of person, length or place shows its times at once.
  $("[data-wishes]")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());

  // What others do: a look every five seconds while the page is seen. What goes is struck through where it stands.
  let announced = 0;
  const look = async () => {
    if (document.hidden || !times.dataset.version) return;
    const address = new URL(times.dataset.live, location.href);
    address.searchParams.set("v", times.dataset.version);
    const answer = await fetch(address, { headers: { "X-Part": "times" } });
    if (answer.status !== 200) return;
    const fresh = document.createElement("div"), html = await answer.text();
    fresh.innerHTML = html;
    times.dataset.version = answer.headers.get("X-Version");
    const now = new Set(all("[data-start]", fresh).map((each) => each.dataset.start));
    const mine = all("[data-start]", times);
    const lost = mine.filter((each) => !now.has(each.dataset.start) && !gone.has(each.dataset.start));
    const back = [...now].some((start) => !mine.some((each) => each.dataset.start === start) || gone.has(start));
    if (back) { const at = document.activeElement?.dataset?.start; place(html); gone = new Set(); show(times); if (at) $(`[data-start="${at}"]`, times)?.focus(); return; }
    for (const slot of lost) { slot.classList.add("gone"); slot.setAttribute("aria-disabled", "true"); slot.disabled = true; gone.add(slot.dataset.start); }
    const month = $(".days", fresh), old = $(".days", times);
    const first = $("#first", fresh), shown = $("#first");
    if (first && shown && !shown.contains(document.activeElement)) shown.replaceWith(first);
    if (month && old && !old.contains(document.activeElement)) old.replaceWith(month);
    if (lost.length && Date.now() - announced > 20000) { announced = Date.now(); say(lost.length === 1 ? times.dataset.takenOne : times.dataset.takenMany); }
  };
  setInterval(() => look().catch(() => {}), 5000);
  document.addEventListener("visibilitychange", () => look().catch(() => {}));
}

// The clock of a hold: the server's time, spoken at five, two and one minute.
const clock = $(".clock");
if (clock) {
  const skew = Date.now() / 1000 - Number(clock.dataset.now), spoken = new Set();
  const tick = () => {
    const left = Math.max(0, Math.round(Number(clock.dataset.until) - (Date.now() / 1000 - skew)));
    $("b", clock).textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    for (const mark of [5, 2, 1]) if (left === mark * 60 && !spoken.has(mark)) { spoken.add(mark); say(clock.dataset.left.replace(/\d+|%\(n\)s/, mark)); }
    $(".left", clock).setAttribute("stroke-dashoffset", 100 - Math.min(100, (100 * left) / Number(clock.dataset.whole)));
    if (left <= 120 && left > 0) $("strong", clock).textContent = clock.dataset.soon;
    if (left === 0 && !clock.classList.contains("over")) {
      clock.classList.add("over");
      $("strong", clock).textContent = clock.dataset.over;
      $("span", clock).textContent = clock.dataset.kept;
      $("a", clock).hidden = false;
      $("b", clock).hidden = true;
      say(`${clock.dataset.over} ${clock.dataset.kept}`);
    }
  };
  tick();
  setInterval(tick, 1000);
}

// The form: questions appear with the answers that ask for them; what was typed survives leaving.
const form = $("form[data-draft]");
if (form) {
  const store = `draft-${form.dataset.draft}`;
  const asked = all("[data-if]", form).map((box) => ({ box, ...JSON.parse(box.dataset.if) }));
  const values = () => {
    const found = {}, data = new FormData(form);
    for (const { types } of asked) for (const [key, type] of Object.entries(types)) {
      const box = $(`[name="q_${key}"]`, form)?.closest(".question");
      if (box?.hidden) continue;
      const text = String(data.get(`q_${key}`) ?? "").trim();
      if (text === "") continue;
      found[key] = type === "choices" ? data.getAll(`q_${key}`) : type === "yes_no" ? text === "yes" : type === "integer" || type === "number" ? Number(text.replace(",", ".")) : text;
    }
    return found;
  };
  const refresh = () => { for (const { box, if: tree } of asked) box.hidden = !holds(tree, values()); };
  try {
    const kept = JSON.parse(sessionStorage.getItem(store) ?? "{}");
    for (const [name, value] of Object.entries(kept)) {
      for (const input of all(`[name="${CSS.escape(name)}"]`, form)) {
        if (input.type === "radio" || input.type === "checkbox") { if (!form.querySelector(".wrong")) input.checked = [value].flat().includes(input.value); }
        else if (input.value === "") input.value = value;
      }
    }
  } catch { /* a full or closed store keeps nothing */ }
  form.addEventListener("input", () => {
    refresh();
    const data = {};
    for (const [name, value] of new FormData(form)) if (!["csrf_token", "key"].includes(name)) data[name] = name in data ? [data[name], value].flat() : value;
    try { sessionStorage.setItem(store, JSON.stringify(data)); } catch { /* as above */ }
  });
  refresh();
}
if ($(".keytag")) try { Object.keys(sessionStorage).filter((key) => key.startsWith("draft-")).forEach((key) => sessionStorage.removeItem(key)); } catch { /* as above */ }
