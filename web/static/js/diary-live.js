// The page follows what others do: every five seconds it asks whether anything has changed, and swaps only what has.
import { $, all } from "./page.js";
import { dialogs } from "./diary-dialog.js";
import { isDragging } from "./diary-drag.js";
import { mark } from "./diary-panel.js";

const EVERY = 5000;
const kept = new Map();
const cells = (from) => all("[data-cell]", from);
const remember = (from) => { for (const cell of cells(from)) kept.set(cell.dataset.cell, cell.outerHTML); };

export function follow(diary, after) {
  const dot = $("[data-live]"), word = $("span", dot), live = word.textContent;
  let seen = dot.dataset.at, waiting = null;
  remember(diary);
  dot.hidden = false;
  const told = (lost) => {
    dot.classList.toggle("lost", lost);
    word.textContent = lost ? dot.dataset.lost.replace("{}", seen) : live;
  };

  async function look() {
    if (document.hidden || waiting) return;
    waiting = new AbortController();
    const slow = setTimeout(() => waiting.abort(), 10_000);
    try {
      const answer = await fetch(diary.dataset.asks, { signal: waiting.signal, headers: { "X-Part": "version" } });
      if (answer.status === 401 || answer.status === 403) { location.reload(); return; }
      if (!answer.ok) throw new Error(answer.status);
      const { version, at } = await answer.json();
      if (version !== diary.dataset.version && !busy()) await renew();
      seen = at;
      told(false);
    } catch { told(true); } finally { clearTimeout(slow); waiting = null; }
  }

  async function renew() {
    const answer = await fetch(diary.dataset.address, { headers: { "X-Part": "diary" } });
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    if (busy()) return;
    keepingFocus(diary, () => swap(diary, fresh));
    diary.dataset.version = answer.headers.get("X-Version");
    after();
    mark();
  }

  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  addEventListener("online", look);
  addEventListener("offline", () => told(true));
}

const busy = () => isDragging() || dialogs();

function swap(diary, fresh) {
  const shape = (from) => cells(from).map((cell) => cell.dataset.cell).join();
  if (shape(diary) !== shape(fresh) || !cells(fresh).length) {
    const scroll = $(".diary-scroll", diary), at = [scroll?.scrollLeft ?? 0, scroll?.scrollTop ?? 0];
    diary.replaceChildren(...fresh.childNodes);
    $(".diary-scroll", diary)?.scrollTo(...at);
    kept.clear();
    remember(diary);
    return;
  }
  const old = new Map(cells(diary).map((cell) => [cell.dataset.cell, cell]));
  for (const cell of cells(fresh)) {
    const key = cell.dataset.cell, html = cell.outerHTML;
    if (kept.get(key) === html) continue;
    kept.set(key, html);
    old.get(key).replaceWith(cell);
  }
  for (const [index, head] of all("thead th", fresh).entries()) {
    const there = all("thead th", diary)[index];
    if (there && there.textContent !== head.textContent) there.replaceWith(head);
  }
}

// Whoever stands on a line stands on it afterwards, also where it went to another place.
function keepingFocus(diary, work) {
  const reference = diary.contains(document.activeElement) ? document.activeElement.dataset.ref : null;
  work();
  if (reference && !diary.contains(document.activeElement)) $(`[data-ref="${CSS.escape(reference)}"]`, diary)?.focus({ preventScroll: true });
}
