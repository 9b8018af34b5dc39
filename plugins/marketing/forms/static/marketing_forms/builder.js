// The builder: fields are dragged, or moved with Alt and the arrow keys; the preview follows the answers typed into it.

import { apply } from "./conditions.js";

const lists = () => document.querySelectorAll("[data-fields]");

function renumber(list) {
  [...list.children].forEach((item, at) => {
    item.dataset.at = at;
    for (const node of item.querySelectorAll("[name], [id], [for], [value^='up:'], [value^='down:'], [value^='remove:']")) {
      for (const name of ["name", "id", "for", "aria-describedby", "aria-labelledby"]) {
        const value = node.getAttribute(name);
        if (value?.includes("fields.")) node.setAttribute(name, value.replace(/fields\.\d+\./g, `fields.${at}.`));
      }
      if (node.name === "action") node.value = node.value.replace(/\d+$/, at);
    }
  });
  list.closest("form").dispatchEvent(new Event("change", { bubbles: true }));
}

let dragged;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-fields] > li");
  if (dragged) { event.dataTransfer.effectAllowed = "move"; dragged.classList.add("dragged"); }
});
document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.("[data-fields] > li");
  if (!dragged || !over || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
});
document.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.classList.remove("dragged");
  renumber(dragged.parentElement);
  dragged = undefined;
});
document.addEventListener("keydown", (event) => {
  const head = event.altKey && /^Arrow(Up|Down)$/.test(event.key) && event.target.closest?.("[data-fields] summary");
  if (!head) return;
  event.preventDefault();
  const item = head.closest("li");
  const other = event.key === "ArrowUp" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  other[event.key === "ArrowUp" ? "before" : "after"](item);
  renumber(item.parentElement);
  head.focus();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const input = document.getElementById(button.dataset.copy);
  getSelection().selectAllChildren(input);
  input.select?.();
  try { await navigator.clipboard.writeText(input.value ?? input.textContent); } catch { document.execCommand("copy"); }
  document.dispatchEvent(new CustomEvent("gx:toast", { detail: { text: button.dataset.done } }));
});

// The preview is no form: nothing in it is sent, and it must not count as part of the builder.
function preview() {
  for (const place of document.querySelectorAll("[data-preview-form]")) apply(place);
}
document.addEventListener("input", (event) => {
  const place = event.target.closest?.("[data-preview-form]");
  if (place) { event.stopPropagation(); apply(place); }
}, true);
document.addEventListener("htmx:after:swap", preview);
if (lists().length) preview();
