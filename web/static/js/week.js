// Hours of a week, painted: the fields above stay what is sent, and are read and written as one types.
import { all, show } from "./page.js";

const STEP = 30, CELLS = 48;
const clock = (cell) => `${String(Math.floor((cell * STEP) / 60)).padStart(2, "0")}:${String((cell * STEP) % 60).padStart(2, "0")}`;
const minute = (text) => { const [hour, rest] = text.split(":").map(Number); return hour * 60 + (rest || 0); };

// Which half hours a field opens; null for what is not on the grid and would be lost by painting.
function cells(text) {
  const open = Array(CELLS).fill(false);
  for (const part of text.split(/\s*[,，;；、]\s*/).filter(Boolean)) {
    const found = part.match(/^(\d{1,2}(?::\d\d)?)\s*[-–~]\s*(\d{1,2}(?::\d\d)?)$/);
    if (!found) return null;
    const [from, to] = [minute(found[1]), minute(found[2])];
    if (from % STEP || to % STEP || to <= from || to > 1440) return null;
    open.fill(true, from / STEP, to / STEP);
  }
  return open;
}
function written(open) {
  const parts = [];
  for (let at = 0; at < CELLS; at += 1) {
    if (!open[at] || open[at - 1]) continue;
    let end = at;
    while (end < CELLS && open[end]) end += 1;
    parts.push(`${clock(at)}-${clock(end)}`);
  }
  return parts.join(", ");
}

for (const week of all("[data-week]")) {
  const box = week.querySelector(".painted");
  const rows = all("input[data-day]", week).map((field) => {
    const row = document.createElement("div"), name = document.createElement("span");
    row.className = "paint";
    name.textContent = field.dataset.day;
    row.append(name, ...Array.from({ length: CELLS }, (_, at) => { const cell = document.createElement("i"); cell.dataset.at = at; return cell; }));
    const draw = () => {
      const open = cells(field.value);
      row.classList.toggle("fixed", open === null);
      all("i", row).forEach((cell, at) => cell.classList.toggle("open", Boolean(open?.[at])));
    };
    field.addEventListener("input", draw);
    draw();
    return { field, row };
  });
  // The typed fields serve keyboards and readers of screens; this is for a hand with a mouse or a finger.
  box.setAttribute("aria-hidden", "true");
  const head = document.createElement("p");
  head.className = "caption";
  head.textContent = box.dataset.hint;
  const scale = document.createElement("div");
  scale.className = "paint scale";
  scale.append(document.createElement("span"), ...[0, 6, 12, 18].map((hour) => { const each = document.createElement("b"); each.textContent = `${hour}:00`; return each; }));
  box.append(head, scale, ...rows.map((each) => each.row));
  let painting = null;
  const paint = (event) => {
    const cell = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".paint i");
    const line = rows.find((each) => each.row === cell?.parentElement);
    const open = line && cells(line.field.value);
    if (!open || painting === null) return;
    open[Number(cell.dataset.at)] = painting;
    line.field.value = written(open);
    line.field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  box.addEventListener("pointerdown", (event) => {
    const cell = event.target.closest(".paint i");
    if (!cell) return;
    event.preventDefault();
    painting = !cell.classList.contains("open");
    box.setPointerCapture(event.pointerId);
    paint(event);
  });
  box.addEventListener("pointermove", paint);
  for (const ended of ["pointerup", "pointercancel"]) box.addEventListener(ended, () => { painting = null; });
}
show();
