// Questions appear with the answers that ask for them. Comfort only: without it each says when it applies.
import { holds } from "./conditions.js";
import { $, all } from "./page.js";

// Shows what the answers of a form ask for now. The questions are looked for each time: a form may bring others.
export function conditional(form) {
  return () => {
    const asked = all("[data-if]", form).map((box) => ({ box, ...JSON.parse(box.dataset.if) }));
    let shown = true; // A section that is not asked takes along what stands below it.
    for (const box of all(".question", form)) {
      const own = asked.find((each) => each.box === box), section = box.classList.contains("section");
      const holding = !own || holds(own.if, answers(form, asked));
      if (section) shown = holding;
      box.hidden = !(holding && shown);
    }
  };
}

function answers(form, asked) {
  const found = {}, data = new FormData(form);
  for (const { types } of asked) for (const [key, type] of Object.entries(types)) {
    const box = $(`[name="q_${key}"]`, form)?.closest(".question");
    if (box?.hidden) continue;
    const text = String(data.get(`q_${key}`) ?? "").trim();
    if (text === "") continue;
    found[key] = type === "choices" ? data.getAll(`q_${key}`) : type === "yes_no" ? text === "yes" : ["integer", "number", "rating"].includes(type) ? Number(text.replace(",", ".")) : text;
  }
  return found;
}
