// A line is drawn onto another day or person; what follows from it is shown before it happens. A finger that stays on a line
// lifts it; one that moves at once scrolls, as everywhere.
import { $, all } from "./page.js";

const FAR = 6, LONG = 450, QUARTER_HIGH = 20, STEP = 5;
let drag = null, quiet = false;
export const isDragging = () => drag !== null;

export function dragging(diary, openDialog) {
  diary.addEventListener("dragstart", (event) => { if (event.target.closest?.("[data-ref]")) event.preventDefault(); });
  diary.addEventListener("pointerdown", (event) => {
    const line = event.target.closest?.("[data-move]");
    if (!line || drag || event.button || line.closest("table.list")) return;
    const box = line.getBoundingClientRect();
    drag = { line, x: event.clientX, y: event.clientY, grip: event.clientY - box.y, box, ghost: null };
    if (event.pointerType !== "touch") return;
    drag.held = false;
    drag.timer = setTimeout(() => { drag.held = true; lift(); navigator.vibrate?.(15); }, LONG);
  });
  // Once it is lifted the finger draws it and does not scroll, nor does it open the menu of a link.
  addEventListener("touchmove", (event) => { if (drag?.held) event.preventDefault(); }, { passive: false });
  diary.addEventListener("contextmenu", (event) => { if (drag && "held" in drag) event.preventDefault(); });
  addEventListener("pointermove", (event) => { if (drag && !drag.dropped) go(event); });
  addEventListener("pointerup", (event) => { if (drag && !drag.dropped) drop(event, openDialog); });
  addEventListener("pointercancel", () => back());
  addEventListener("keydown", (event) => { if (event.key === "Escape" && drag?.ghost && !drag.dropped) { event.stopPropagation(); back(); } }, true);
  // The click that ends a drag opens nothing.
  addEventListener("click", (event) => { if (quiet) { event.preventDefault(); event.stopPropagation(); } }, true);
}

function go(event) {
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) >= FAR;
  if (drag.held === false) { if (far) back(); return; }
  if (!drag.ghost && !far) return;
  if (!drag.ghost) lift();
  drag.ghost.style.translate = `${event.clientX - drag.x}px ${event.clientY - drag.y}px`;
  const target = over(event);
  for (const each of all(".drop")) if (each !== target?.cell) each.classList.remove("drop");
  target?.cell.classList.add("drop");
  if (target?.start) $("b", drag.ghost).textContent = new Date(target.start * 60000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", timeZone: $("#diary").dataset.zone, hourCycle: "h23" });
  const scroll = $(".diary-scroll"), box = scroll.getBoundingClientRect();
  if (event.clientX > box.right - 40) scroll.scrollBy(14, 0);
  if (event.clientX < box.left + 200) scroll.scrollBy(-14, 0);
  if (event.clientY > box.bottom - 40) scroll.scrollBy(0, 14);
  if (event.clientY < box.top + 70) scroll.scrollBy(0, -14);
}

function lift() {
  const { line, box } = drag, ghost = document.createElement("div"), time = document.createElement("b"), name = document.createElement("span");
  const text = (line.getAttribute("aria-label") ?? line.textContent).trim().match(/^(\S+)\s+(.*)$/s);
  ghost.className = "ghost line confirmed";
  [time.textContent, name.textContent] = [text?.[1] ?? "", $("span", line)?.textContent ?? (text?.[2] ?? "").split(/[,，]/)[0]];
  ghost.append(time, " ", name);
  Object.assign(ghost.style, { left: `${box.x}px`, top: `${box.y}px`, width: `${Math.max(box.width, 120)}px` });
  document.body.append(ghost);
  drag.ghost = ghost;
  line.classList.add("lifted");
}

// The cell under the pointer; in the day also the minute, by where the top of the line would be.
function over(event) {
  const cell = document.elementFromPoint(event.clientX, event.clientY)?.closest?.("#diary [data-cell]");
  if (!cell) return null;
  const scale = cell.closest(".to-scale"), lane = $(".lane", cell);
  if (!scale) return { cell, start: 0 };
  const down = event.clientY - drag.grip - lane.getBoundingClientRect().y;
  return { cell, start: Number(scale.dataset.begin) + Math.round((down * 15) / QUARTER_HIGH / STEP) * STEP };
}

function drop(event, openDialog) {
  clearTimeout(drag.timer);
  if (!drag.ghost) { drag = null; return; }
  quiet = true;
  setTimeout(() => { quiet = false; });
  const target = over(event), from = drag.line.closest("[data-cell]");
  if (!target || (target.cell === from && !target.start)) { drag.dropped = true; setTimeout(back); return; }
  const [row, day] = target.cell.dataset.cell.split(":"), was = from.dataset.cell.split(":")[0];
  const asked = new URLSearchParams({ with: row, beside: was });
  if (target.start) asked.set("start", new Date(target.start * 60000).toISOString());
  else { asked.set("day", day); asked.set("keep", "1"); }
  drag.dropped = true;
  const { line } = drag;
  // After the click that the browser sends once the button is let go.
  setTimeout(() => openDialog(`/desk/b/${line.dataset.ref}/move?${asked}`, line, back));
}

function back() {
  const old = drag;
  clearTimeout(old?.timer);
  drag = null;
  for (const each of all(".drop")) each.classList.remove("drop");
  if (!old?.ghost) return;
  old.line.classList.remove("lifted");
  old.ghost.classList.add("going-back");
  old.ghost.style.translate = "0 0";
  setTimeout(() => old.ghost.remove(), 200);
}
