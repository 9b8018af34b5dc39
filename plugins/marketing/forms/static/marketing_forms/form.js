// A public form: fields that follow the answers, steps, the work that vouches for a person, and the height inside
// another page. Without any of this the form is sent as it is, and the server asks a question instead.

import { apply } from "./conditions.js";
import { prove } from "./proof.js";

const isEmbedded = document.body.classList.contains("gxf-embedded") && parent !== window;
const tell = (message) => { if (isEmbedded) parent.postMessage({ guanxi: location.pathname, ...message }, "*"); };

for (const form of document.querySelectorAll("form[data-gxf]")) {
  const $ = (selector) => form.querySelector(selector);
  const steps = [...form.querySelectorAll("[data-step]")];
  const [back, next, send, progress] = ["[data-back]", "[data-next]", "[data-send]", "[data-progress]"].map($);
  let at = Math.max(0, steps.findIndex((step) => step.querySelector("[aria-invalid=true]")));

  const usable = (step) => [...step.querySelectorAll("[data-field], .gxf-consent")].some((box) => !box.hidden);
  const near = (from, by) => {
    let to = from + by;
    while (steps[to] && !usable(steps[to])) to += by;
    return to;
  };
  const show = () => {
    apply(form);
    if (steps.length < 2) return;
    steps.forEach((step, number) => { step.hidden = number !== at; });
    const isLast = !steps[near(at, 1)];
    back.hidden = !steps[near(at, -1)];
    next.hidden = isLast;
    send.hidden = !isLast;
    const known = steps.filter(usable);
    progress.hidden = false;
    progress.textContent = progress.dataset.text.replace("{at}", known.indexOf(steps[at]) + 1).replace("{all}", known.length);
  };
  const go = (by) => {
    if (by > 0) {
      const wrong = [...steps[at].querySelectorAll("input, select, textarea")].find((input) => !input.disabled && !input.checkValidity());
      if (wrong) { wrong.reportValidity(); return; }
    }
    at = near(at, by);
    show();
    steps[at].querySelector("input:not([type=hidden]), select, textarea")?.focus();
  };
  back.addEventListener("click", () => go(-1));
  next.addEventListener("click", () => go(1));
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !next.hidden && event.target.matches("input:not([type=checkbox])")) { event.preventDefault(); go(1); }
  });

  const proof = prove(form.elements._ticket.value, Number(form.dataset.bits)).then((found) => { form.elements._proof.value = found; });
  form.addEventListener("submit", (event) => {
    const wrong = [...form.elements].find((input) => input.willValidate && !input.closest("[hidden]") && !input.checkValidity());
    if (wrong) { event.preventDefault(); wrong.reportValidity(); return; }
    if (form.elements._proof.value) return;
    event.preventDefault();
    send.setAttribute("aria-disabled", "true");
    send.querySelector("span").textContent = send.dataset.busy || send.textContent;
    // Not at once: within its own submit event a form cannot be submitted again.
    proof.then(() => setTimeout(() => form.requestSubmit()));
  });
  // A page that comes back from the browser's memory can be sent again.
  addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });
  show();
}

document.querySelector("[data-errors]")?.focus();
const next = document.querySelector("[data-redirect]")?.dataset.redirect;
if (next) tell({ go: next });
if (isEmbedded) new ResizeObserver(() => tell({ height: document.documentElement.scrollHeight })).observe(document.body);
