// A file that is being read or written is followed; without this script the page loads itself anew.
import { $ } from "./page.js";

const box = $("[data-follow]");
async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(box.dataset.follow, { headers: { "X-Part": "progress" } });
      if (!answer.ok || answer.headers.get("X-State") !== box.dataset.state) { location.reload(); return; }
      box.innerHTML = await answer.text();
    } catch { /* The next look will tell. */ }
  }
  setTimeout(look, 1000);
}
if (box) setTimeout(look, 1000);
if ($("[data-again]")) setTimeout(() => location.reload(), 3000);
