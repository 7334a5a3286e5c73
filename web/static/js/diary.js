// The diary, comfort only: everything in it is a link or a form that works without this script.
import { $, all } from "./page.js";
import { openDialog } from "./diary-dialog.js";
import { dragging } from "./diary-drag.js";
import { follow } from "./diary-live.js";
import { closePanel, openPanel, panelIs } from "./diary-panel.js";

const diary = $("#diary");
const lines = () => all("[data-ref]", diary);

// One stop of the tab key; arrows go on from there.
function rove(current) {
  const each = lines();
  const stop = current ?? each.find((line) => line.tabIndex === 0) ?? each[0];
  for (const line of each) {
    const place = line === stop ? "0" : "-1";
    // Written only where it changes: a week has more than a thousand lines.
    if (line.getAttribute("tabindex") !== place) line.setAttribute("tabindex", place);
  }
}
rove(lines()[0]);
diary.addEventListener("focusin", (event) => { if (event.target.matches("[data-ref]")) rove(event.target); });

const WAYS = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };
function nearest(from, [dx, dy]) {
  const box = from.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
  let best = null, least = Infinity;
  for (const line of lines()) {
    const other = line.getBoundingClientRect();
    // Folded away in a class.
    if (!other.width) continue;
    const right = other.x + other.width / 2 - x, down = other.y + other.height / 2 - y;
    const ahead = right * dx + down * dy, aside = Math.abs(right * dy) + Math.abs(down * dx);
    if (line === from || ahead < 4 || ahead + 4 * aside >= least) continue;
    [best, least] = [line, ahead + 4 * aside];
  }
  return best;
}

diary.addEventListener("keydown", (event) => {
  const line = event.target.closest?.("[data-ref]");
  if (!line || event.ctrlKey || event.metaKey || event.altKey) return;
  if (WAYS[event.key]) {
    event.preventDefault();
    nearest(line, WAYS[event.key])?.focus();
  } else if (event.key === "m" && line.hasAttribute("data-move")) {
    event.preventDefault();
    openDialog(`/desk/b/${line.dataset.ref}/move`, line);
  }
});

// A line opens beside the diary where there is room, else as a page; with the keys for another tab it is a link.
diary.addEventListener("click", (event) => {
  const line = event.target.closest?.("[data-ref]");
  if (!line || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !panelIs()) return;
  event.preventDefault();
  openPanel(line.dataset.ref);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openDialog(link.href, link);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !$("dialog[open]") && !$("details.menu[open]")) closePanel();
});

// A week that is wider than its frame begins at today, as long as nobody has moved it; the page itself stays where it is.
let begun = 0;
function begin() {
  const frame = $(".diary-scroll", diary), today = $("thead th.today", diary);
  if (!frame || !today || Math.abs(frame.scrollLeft - begun) > 1) return;
  const names = $("thead th", diary).getBoundingClientRect();
  frame.scrollLeft += today.getBoundingClientRect().left - names.right;
  begun = frame.scrollLeft;
}
begin();

dragging(diary, openDialog);
follow(diary, () => { rove(); begin(); });
const named = location.hash.match(/^#b-(\w+)$/);
if (named && panelIs()) openPanel(named[1]);
