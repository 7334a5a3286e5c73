// Twin of rules/conditions.py; both are proven by tests/vectors/conditions.json.
// What was typed for a number and is none (NaN) counts as missing: the server refuses it.
const missing = (v) => v === null || v === undefined || v === "" || Number.isNaN(v) || (Array.isArray(v) && v.length === 0);
const same = (a, b) => a === b; // lists equal nothing, true is not 1
const ordered = (a, b) => (typeof a === "number" && typeof b === "number") || (typeof a === "string" && typeof b === "string");
// By code point, as in Python: < compares UTF-16 units.
const order = (a, b) => {
  if (typeof a === "number") return a - b;
  const x = Array.from(a), y = Array.from(b);
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i].codePointAt(0) - y[i].codePointAt(0);
  return x.length - y.length;
};
const oneOf = (v, list) => Array.isArray(list) && list.some((each) => same(v, each));
const operators = {
  eq: same,
  ne: (a, b) => !same(a, b),
  lt: (a, b) => ordered(a, b) && order(a, b) < 0,
  le: (a, b) => ordered(a, b) && order(a, b) <= 0,
  gt: (a, b) => ordered(a, b) && order(a, b) > 0,
  ge: (a, b) => ordered(a, b) && order(a, b) >= 0,
  between: (v, p) => Array.isArray(p) && p.length === 2 && ordered(v, p[0]) && ordered(v, p[1]) && order(p[0], v) <= 0 && order(v, p[1]) <= 0,
  in: oneOf,
  not_in: (v, list) => Array.isArray(list) && !oneOf(v, list),
  contains: (v, part) => (Array.isArray(v) ? v.some((each) => same(each, part)) : typeof v === "string" && typeof part === "string" && v.includes(part)),
  starts: (v, part) => typeof v === "string" && typeof part === "string" && v.startsWith(part),
};
export function holds(tree, values) {
  if ("all" in tree) return tree.all.every((each) => holds(each, values));
  if ("any" in tree) return tree.any.some((each) => holds(each, values));
  if ("not" in tree) return !holds(tree.not, values);
  const value = Object.hasOwn(values, tree.field) ? values[tree.field] : null;
  if (tree.op === "empty") return missing(value) === ((tree.value ?? true) === true);
  return !missing(value) && operators[tree.op](value, tree.value);
}
