// A dialog for consequences: asked for from the server, which also says why something cannot be.
import { $, all, say } from "./page.js";

const dialog = $("#dialog");
let opener = null, settled = null;

export async function openDialog(address, from, onClose) {
  [opener, settled] = [from, onClose];
  const url = new URL(address, location.href);
  const home = document.documentElement.classList.contains("with-panel") ? history.state?.home ?? location.pathname : location.pathname + location.search;
  if (!url.searchParams.has("back")) url.searchParams.set("back", home);
  await load(url, () => location.assign(url));
}

async function load(address, otherwise, options = {}) {
  try {
    const answer = await fetch(address, { ...options, headers: { "X-Part": "dialog" } });
    if (answer.redirected && options.method) return arrive(answer.url);
    if (![200, 409, 410, 422].includes(answer.status)) throw new Error(answer.status);
    fill(await answer.text());
  } catch { otherwise(); }
}

// The address behind the redirect has lost its part after the #, which only says what to open.
function arrive(url) {
  const [next, now] = [new URL(url), new URL(location.href)];
  if (next.pathname + next.search === now.pathname + now.search) location.reload();
  else location.assign(url);
}

function fill(text) {
  dialog.innerHTML = text;
  if (!dialog.open) dialog.showModal();
  const alert = $("[role=alert]", dialog);
  if (alert) say(alert.textContent.trim());
  $("[data-focus]", dialog)?.focus();
}

dialog?.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-leave]")) { event.preventDefault(); dialog.close(); }
});
dialog?.addEventListener("close", () => {
  dialog.replaceChildren();
  settled?.();
  (opener?.isConnected ? opener : $(`#diary [data-ref="${CSS.escape(opener?.dataset?.ref ?? "")}"]`))?.focus();
  [opener, settled] = [null, null];
});
dialog?.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-stays]")) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter), address = new URL(form.action);
  if (form.method === "post") return load(address, () => { delete form.dataset.sent; form.submit(); }, { method: "POST", body });
  for (const [name, value] of body) if (value) address.searchParams.append(name, value);
  return load(address, () => location.assign(address));
});
// Another day or person shows its times at once.
dialog?.addEventListener("change", (event) => {
  if (event.target.matches("#move-day, #move-with") && event.target.value) $("button:not([name])", event.target.form)?.click();
});
export const dialogs = () => all("dialog[open]").length > 0;
