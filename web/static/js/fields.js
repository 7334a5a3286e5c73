// A field is checked on leaving it, once something was typed into it: the server is asked what it would say of it on sending.
// Comfort only: no rule stands here, an answer that fails or takes too long changes nothing, and sending judges all again.
import { $, all, say } from "./page.js";

// What appears above a button while it is pressed would move it away from under the finger.
let released = Promise.resolve();
document.addEventListener("pointerdown", () => {
  released = new Promise((done) => { for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, () => setTimeout(done), { once: true }); });
}, true);

for (const form of all("form[data-check]")) {
  const open = new Set(), value = (name) => JSON.stringify(new FormData(form).getAll(name));
  let turn = 0;
  form.addEventListener("input", (event) => { if (event.target.type !== "file") open.add(event.target.name); });
  // Who picks another answer is done with it, and stays on it.
  form.addEventListener("change", ({ target }) => {
    if (["radio", "checkbox"].includes(target.type) && target.closest(".field.wrong")) ask().catch(() => {});
  });
  form.addEventListener("focusout", (event) => {
    const { target, relatedTarget } = event;
    // A window that is left leaves no field, and neither does a step to another answer of the same question.
    if (!open.has(target.name) || document.activeElement === target || target.closest(".field")?.contains(relatedTarget)) return;
    ask().catch(() => {});
  });
  // Only the last answer is shown. It tells of what was wrong before, too: an e-mail may stand in for a phone.
  const ask = async () => {
    const mine = ++turn, body = new URLSearchParams();
    for (const box of all(".field.wrong[id]", form)) if (!$("[type=file]", box)) open.add(box.id.slice("field-".length));
    const asked = [...open].map((name) => [name, value(name)]);
    for (const [name, each] of new FormData(form)) if (typeof each === "string") body.append(name, each);
    for (const [name] of asked) body.append("field", name);
    const answer = await fetch(form.dataset.check, { method: "POST", body, signal: AbortSignal.timeout(5000) });
    if (!answer.ok || answer.redirected) return;
    const said = new DOMParser().parseFromString(await answer.text(), "text/html");
    await released;
    if (mine !== turn || form.dataset.sent) return;
    for (const [name, was] of asked) {
      if (value(name) !== was) continue; // typed on meanwhile: asked again on leaving
      open.delete(name);
      mark(document.getElementById(`field-${name}`), name, said.getElementById(`${name}-error`));
    }
  };
}

// The sentence at a field, as a page brings it that was sent with it.
function mark(box, name, sentence) {
  const old = box && $(".error", box);
  if (!box || old?.textContent === sentence?.textContent) return;
  old?.remove();
  if (sentence) { box.lastElementChild.before(sentence); say(sentence.textContent); }
  box.classList.toggle("wrong", Boolean(sentence));
  const several = box.localName === "fieldset", field = several ? box : document.getElementById(name);
  const told = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== `${name}-error`);
  if (sentence) told.push(`${name}-error`);
  if (told.length) field.setAttribute("aria-describedby", told.join(" ")); else field.removeAttribute("aria-describedby");
  if (sentence && !several) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
}
