// What every page shares: what it says aloud, buttons that were pressed, copying. Comfort only: all works without.
export const $ = (selector, from = document) => from.querySelector(selector);
export const all = (selector, from = document) => [...from.querySelectorAll(selector)];
export const say = (text) => { $("#said").textContent = text; };
export const show = (from = document) => all("[data-script]", from).forEach((each) => { each.hidden = false; });

document.documentElement.classList.add("scripted");
show();

// A file that is too large is told as soon as it is chosen, and is not sent: what was typed stays.
function fits(box) {
  const large = [...box.files].some((file) => file.size > box.dataset.most * 1e6);
  $(`#${box.id}-large`).hidden = !large;
  box.closest(".field").classList.toggle("wrong", large);
  box.toggleAttribute("aria-invalid", large);
  return !large;
}
document.addEventListener("change", ({ target }) => { if (target.dataset?.most) fits(target); });

// A pressed button says what it is doing; a second tap does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method === "get") return;
  const large = all("[data-most]", form).find((box) => !fits(box));
  if (large) { event.preventDefault(); large.focus(); return; }
  form.dataset.sent = "1";
  if (button?.dataset.doing) {
    button.style.minWidth = `${button.offsetWidth}px`;
    button.textContent = button.dataset.doing;
  }
  button?.setAttribute("aria-disabled", "true");
});
// A page that comes back from the browser's memory shows what was: it is asked for again.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// Some browsers inside other apps, and pages without https, have no clipboard to write to.
async function copy(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* the old way */ }
  const box = document.createElement("textarea"), focused = document.activeElement;
  box.className = "unseen";
  box.value = text;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  focused?.focus();
  return done;
}
for (const button of all("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (!(await copy(button.dataset.copy))) return;
    const use = $("use", button), before = use.getAttribute("href");
    use.setAttribute("href", before.replace(/#.*/, "#check"));
    say(button.dataset.done);
    setTimeout(() => { use.setAttribute("href", before); say(""); }, 2000);
  });
}
for (const box of all("input[readonly]")) box.addEventListener("focus", () => box.select());

// What a page says first gets the focus.
($("#mend") ?? $("[data-focus]"))?.focus();
