// Comfort only: every step works without this script, and the server judges again.
import { $, all, say, show } from "./page.js";
import { conditional } from "./questions.js";
import "./fields.js";

// The customer's own zone, for the times beside the venue's.
try {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // In a frame of another site there is no cookie of ours.
  if (zone && parent === window && !document.cookie.includes("tz=")) {
    document.cookie = `tz=${zone};path=/;max-age=31536000;samesite=lax` + (location.protocol === "https:" ? ";secure" : "");
    if ($("#times")) setTimeout(() => swap(location.href, { quiet: true }), 0);
  }
} catch { /* no zone, no second time */ }

// The time page. Only the last thing asked for is shown, in whatever order the answers come.
const times = () => $("#times");
let gone = new Set(), turn = 0;

async function get(address, headers = {}) {
  const mine = ++turn, busy = times();
  busy?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers }), html = answer.status === 200 ? await answer.text() : null;
    return mine === turn ? { answer, html } : null;
  } finally {
    if (mine === turn) busy?.removeAttribute("aria-busy");
  }
}

// The part brings its first free time along, which stands beside the title. Whoever walks through the days or times with
// the keyboard stays where she is.
function place(html) {
  const at = document.activeElement, start = at?.dataset?.start, cell = all(".day > *").indexOf(at);
  times().innerHTML = html;
  const first = $("#first", times());
  if (first) all("#first").find((each) => each !== first)?.replaceWith(first);
  settle();
  const again = start ? $(`[data-start="${start}"]`, times()) : all(".day > *")[cell];
  if (!again) return;
  if (cell >= 0) stop(again);
  again.focus();
}

function settle() {
  gone = new Set();
  show(times());
  roam();
}

// A month is a grid with one stop for the tab key: the chosen day, else the first free one.
const roam = () => stop($(".day.chosen > *") ?? $(".day > a") ?? $(".day > *"));

function stop(here) {
  for (const cell of all(".day > *")) cell.tabIndex = cell === here ? 0 : -1;
}

async function swap(href, { focus = null, push = false, quiet = false } = {}) {
  const address = new URL(href, location.href), got = await get(address, { "X-Part": "times" });
  if (!got || got.answer.status === 204) return;
  if (got.html === null) { if (!quiet) location.href = href; return; }
  place(got.html);
  times().dataset.version = got.answer.headers.get("X-Version");
  times().dataset.live = address.pathname + address.search;
  if (push) history.pushState({}, "", address);
  if (focus === "day") {
    const day = $("#day") ?? $("#month");
    day.focus({ preventScroll: true });
    const top = day.getBoundingClientRect().top;
    if (top < 0 || top > innerHeight * 0.4) day.scrollIntoView();
  }
  if (focus?.startsWith("Page")) { ($(`[data-turn="${focus}"]`) ?? $("#month")).focus(); say($("#month").textContent); }
  if (focus === "grid") $(".day > [tabindex='0']")?.focus();
}

// Another person, length or place: the whole page anew, the finger still on what was chosen.
async function choose(address, { push = true } = {}) {
  const got = await get(address);
  if (!got) return;
  const fresh = got.html && new DOMParser().parseFromString(got.html, "text/html");
  if (!fresh?.querySelector("#times")) { location.href = address; return; }
  const { name, value } = document.activeElement ?? {};
  $("#main").innerHTML = fresh.querySelector("#main").innerHTML;
  settle();
  if (push) history.pushState({}, "", address);
  if (name) $(`[name="${name}"][value="${CSS.escape(value)}"]`)?.focus();
  say($(".under span")?.textContent ?? "");
}

if (times()) {
  settle();
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    swap(link.href, { focus: link.dataset.turn ?? "day", push: true }).catch(() => { location.href = link.href; });
  });
  window.addEventListener("popstate", () => choose(location.href, { push: false }).catch(() => location.reload()));

  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest?.(".day > *");
    if (!cell) return;
    const link = $(`a[data-turn="${event.key}"]`);
    if (link) { event.preventDefault(); swap(link.href, { focus: "grid", push: true }).catch(() => { location.href = link.href; }); return; }
    const cells = all(".day > *"), at = cells.indexOf(cell), column = cell.parentElement.cellIndex;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, Home: -column, End: 6 - column };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const to = cells[Math.max(0, Math.min(cells.length - 1, at + steps[event.key]))];
    stop(to);
    to.focus();
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-wishes]");
    if (!form) return;
    const address = new URL(form.action);
    for (const [name, value] of new FormData(form)) if (value) address.searchParams.set(name, value);
    const day = new URL(times().dataset.live, location.href).searchParams.get("day");
    if (day) address.searchParams.set("day", day);
    choose(address.href).catch(() => form.submit());
  });

  // What others do: a look every five seconds while the page is seen. What goes is struck through where it stands.
  let announced = 0;
  const look = async () => {
    const shown = times();
    if (document.hidden || !shown.dataset.version || shown.hasAttribute("aria-busy")) return;
    const address = new URL(shown.dataset.live, location.href), asked = turn;
    address.searchParams.set("v", shown.dataset.version);
    const answer = await fetch(address, { headers: { "X-Part": "times" } });
    if (answer.status !== 200) return;
    const html = await answer.text();
    if (asked !== turn || shown !== times()) return;
    const fresh = document.createElement("div");
    fresh.innerHTML = html;
    shown.dataset.version = answer.headers.get("X-Version");
    const now = new Set(all("[data-start]", fresh).map((each) => each.dataset.start));
    const here = all("[data-start]", shown);
    const lost = here.filter((each) => !now.has(each.dataset.start) && !gone.has(each.dataset.start));
    const back = [...now].some((start) => gone.has(start) || !here.some((each) => each.dataset.start === start));
    // A month that goes or comes back is a pause of online booking, and no time that somebody took.
    if (back || !$(".days", fresh) !== !$(".days", shown)) { place(html); return; }
    for (const slot of lost) {
      gone.add(slot.dataset.start);
      slot.classList.add("gone");
      slot.disabled = true;
      if (slot.classList.contains("slot")) ($("small", slot) ?? slot.appendChild(document.createElement("small"))).textContent = shown.dataset.taken;
    }
    for (const part of ["#first", ".days", ".under"]) {
      const mine = $(part), theirs = $(part, fresh);
      if (mine && theirs && !mine.contains(document.activeElement)) { mine.replaceWith(theirs); show(theirs); }
    }
    if (!$(".days")?.contains(document.activeElement)) roam();
    const counts = all(".list h3 .quiet", shown), fresher = all(".list h3 .quiet", fresh);
    if (counts.length === fresher.length) counts.forEach((count, n) => { count.textContent = fresher[n].textContent; });
    for (const card of all(".session", fresh)) {
      const mine = $(`[data-start="${$("button", card).dataset.start}"]`, shown)?.closest(".session");
      if (mine && mine.innerHTML !== card.innerHTML && !mine.contains(document.activeElement)) mine.replaceWith(card);
    }
    if (lost.length && Date.now() - announced > 20000) { announced = Date.now(); say(lost.length === 1 ? shown.dataset.takenOne : shown.dataset.takenMany); }
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
    const mark = [1, 2, 5].find((minutes) => left <= minutes * 60);
    if (mark && left && !spoken.has(mark)) { spoken.add(mark); say(clock.dataset.left.replace("%(n)s", Math.ceil(left / 60))); }
    $(".left", clock).setAttribute("stroke-dashoffset", 100 - Math.min(100, (100 * left) / Number(clock.dataset.whole)));
    if (left <= 120 && left > 0) $("strong", clock).textContent = clock.dataset.soon;
    if (left === 0 && !clock.classList.contains("over")) {
      clock.classList.add("over");
      $("strong", clock).textContent = clock.dataset.over;
      $("span", clock).textContent = clock.dataset.kept;
      $("b", clock).hidden = true;
      const again = $("button", clock);
      again.type = "submit";
      again.hidden = false;
      $(".details .button.wide").classList.add("outline");
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
  const refresh = conditional(form);
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
    for (const [name, value] of new FormData(form)) if (typeof value === "string" && !["csrf_token", "key"].includes(name) && !name.startsWith("without_")) data[name] = name in data ? [data[name], value].flat() : value;
    try { sessionStorage.setItem(store, JSON.stringify(data)); } catch { /* as above */ }
  });
  refresh();
}
if ($(".keytag")) try { Object.keys(sessionStorage).filter((key) => key.startsWith("draft-")).forEach((key) => sessionStorage.removeItem(key)); } catch { /* as above */ }
