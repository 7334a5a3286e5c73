// Rows that are dragged by their grip, or moved by their arrows; the order of the page is the order that is sent.
import { $, all, say } from "./page.js";

export function reorder(list, { done }) {
  const rows = () => all("[data-row]", list);
  const told = (row) => { say(list.dataset.moved.replace("%(name)s", $("[data-name]", row).textContent)); };
  const put = (row, to) => {
    const others = rows(), target = others[to];
    if (!target || target === row) return;
    if (others.indexOf(row) < to) target.after(row); else target.before(row);
  };
  const settle = (row) => {
    // Between groups a row stays where it is dropped only until the page is laid out anew.
    told(row);
    done();
  };
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]"), row = button?.closest("[data-row]");
    if (!row) return;
    event.preventDefault();
    const before = rows().indexOf(row), to = before + (button.dataset.move === "up" ? -1 : 1);
    put(row, to);
    button.focus();
    if (rows().indexOf(row) !== before) settle(row);
  });
  let dragged = null, from = 0;
  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button) return;
    dragged = grip.closest("[data-row]");
    from = rows().indexOf(dragged);
    dragged.classList.add("dragged");
    grip.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  list.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const over = document.elementsFromPoint(event.clientX, event.clientY).map((each) => each.closest("[data-row]")).find((each) => each && each !== dragged && list.contains(each));
    if (!over) return;
    const box = over.getBoundingClientRect(), below = event.clientY > box.top + box.height / 2;
    if (below) over.after(dragged); else over.before(dragged);
  });
  for (const end of ["pointerup", "pointercancel"]) list.addEventListener(end, () => {
    if (!dragged) return;
    const row = dragged;
    dragged = null;
    row.classList.remove("dragged");
    if (end === "pointercancel") put(row, from);
    if (rows().indexOf(row) !== from) settle(row);
  });
}
