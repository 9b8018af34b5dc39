// Which fields show for which answers: the same rules as definition.shown on the server, which decides.

const trimmed = (text) => text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, "");

function holds({ field, op = "is", value = "" }, values, visible) {
  const answer = visible.has(field) ? values[field] : null;
  const answers = (Array.isArray(answer) ? answer : [answer || ""]).map((one) => trimmed(String(one))).filter(Boolean);
  const wanted = trimmed(value);
  if (op === "filled") return answers.length > 0;
  if (op === "empty") return answers.length === 0;
  if (op === "contains") return answers.some((one) => one.toLowerCase().includes(wanted.toLowerCase()));
  return answers.includes(wanted) === (op === "is");
}

// `fields` are objects with key and show_if, in the form's order.
export function shown(fields, values) {
  const visible = new Set();
  for (const { key, show_if: conditions = [] } of fields) {
    if (conditions.every((one) => holds(one, values, visible))) visible.add(key);
  }
  return visible;
}

// Shows and hides the fields in a place by the answers there. What is hidden is not sent and not required.
export function apply(place) {
  const boxes = [...place.querySelectorAll("[data-field]")];
  const fields = boxes.map((box) => ({ key: box.dataset.field, show_if: JSON.parse(box.dataset.show || "[]") }));
  const values = {};
  for (const box of boxes) {
    const inputs = [...box.querySelectorAll("input, select, textarea")];
    values[box.dataset.field] = box.dataset.kind === "multi"
      ? inputs.filter((input) => input.checked).map((input) => input.value)
      : inputs[0]?.type === "checkbox" ? (inputs[0].checked ? "1" : "") : (inputs[0]?.value ?? "");
  }
  for (const hidden of place.querySelectorAll("input[type=hidden][name]")) values[hidden.name] ??= hidden.value;
  const known = [...place.querySelectorAll("input[type=hidden][name]")].map((one) => ({ key: one.name }));
  const visible = shown([...known, ...fields], values);
  for (const box of boxes) {
    const isShown = visible.has(box.dataset.field);
    box.hidden = !isShown;
    for (const input of box.querySelectorAll("input, select, textarea")) {
      input.disabled = !isShown;
      if (box.dataset.kind !== "multi") input.required = isShown && "required" in box.dataset;
    }
  }
}
