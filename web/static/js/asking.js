// The rows of the questions editor: what fits the type of an answer, and conditions by drop-downs.
import { $, all } from "./page.js";

// A function that looks at all rows anew; the texts and options of the page are those that the drop-downs offer.
export function conditions(list) {
  const operators = JSON.parse(list.dataset.operators), fitting = JSON.parse(list.dataset.fitting);
  const look = () => {
    const above = [];
    for (const row of all("[data-row]", list)) {
      const type = $("[data-type]", row).value;
      for (const box of all("[data-for]", row)) box.hidden = !box.dataset.for.split(" ").includes(type);
      for (const box of all("[data-unless]", row)) box.hidden = box.dataset.unless === type;
      const name = called(row);
      if (name) $("[data-name]", row).textContent = name;
      for (const leaf of all("[data-leaf]", row)) fit(leaf, above);
      if (type !== "section") above.push({ key: row.dataset.key, name: name || row.dataset.key, type, options: options(row) });
    }
  };
  // Choosing what a condition reads, or how, brings the answers that fit.
  const fit = (leaf, above) => {
    const field = $("[data-field]", leaf), op = $("[data-op]", leaf), chosen = field.value;
    refill(field, [[field.options[0].value, field.options[0].textContent], ...above.map(({ key, name }) => [key, name])], chosen);
    const asked = above.find(({ key }) => key === field.value);
    op.hidden = !asked;
    const may = asked ? fitting[asked.type] ?? [] : [];
    refill(op, operators.filter(([each]) => !asked || may.includes(each)), op.value);
    const value = $("[data-value]", leaf), choices = asked ? answers(asked, list) : null;
    const box = choices ? swapped(value, "select") : swapped(value, "input");
    if (choices) refill(box, choices, box.dataset.was ?? box.value);
    delete box.dataset.was;
    box.hidden = !asked || ["filled", "empty"].includes(op.value);
  };
  look();
  return look;
}

const called = (row) => {
  const texts = all("input[name$='.label.en'], input[name$='.label.zh']", row).filter((each) => !each.name.includes(".option."));
  const own = document.documentElement.lang.startsWith("zh") ? ".zh" : ".en";
  return (texts.find((each) => each.name.endsWith(own) && each.value.trim()) ?? texts.find((each) => each.value.trim()))?.value.trim();
};
const options = (row) => all("input[type=hidden][name*='.option.']", row).map((each) => {
  const own = document.documentElement.lang.startsWith("zh") ? "zh" : "en", label = (locale) => $(`[name="${CSS.escape(each.name)}.label.${locale}"]`, row)?.value.trim();
  return [each.value, label(own) || label("en") || label("zh")];
}).filter(([value, label]) => value && label);

function answers({ type, options: found }, list) {
  if (type === "yes_no") return [["yes", list.dataset.yes], ["no", list.dataset.no]];
  return type === "choice" || type === "choices" ? found : null;
}

function refill(select, entries, chosen) {
  const same = entries.length === select.options.length && entries.every(([value, text], n) => select.options[n].value === value && select.options[n].textContent === text);
  if (!same) select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
  if (entries.some(([value]) => value === chosen)) select.value = chosen;
}

function swapped(box, kind) {
  if (box.localName === kind) return box;
  const other = document.createElement(kind);
  for (const name of ["name", "aria-label", "data-value"]) other.setAttribute(name, box.getAttribute(name) ?? "");
  if (kind === "input") other.maxLength = 200; else other.dataset.was = box.value;
  box.replaceWith(other);
  return other;
}
