// What every page needs: htmx settings, theme, shortcuts, palette, dialogs, toasts, guards, the live stream.
// Everything listens on the document, so that a swapped body needs no set-up. Elements with data-module bring their own file.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, selector, act, options) =>
  document.addEventListener(type, (event) => {
    const hit = event.target instanceof Element && event.target.closest(selector);
    if (hit) act(hit, event);
  }, options);
const words = () => $("#gx-words")?.dataset ?? {};
const typing = (node) => node?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const token = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

// --- Modules and what new content needs ---

const loaded = new Set();
function scan() {
  for (const { dataset: { module } } of $$("[data-module]")) {
    if (loaded.has(module)) continue;
    loaded.add(module);
    import(module);
  }
  for (const dialog of $$("dialog[data-open]:not([open])")) { dialog.removeAttribute("data-open"); show(dialog); }
  for (const form of $$("[data-composer]:not([data-fit])")) { form.dataset.fit = ""; fit(form); }
  for (const toast of $$("#gx-toasts > .toast:not([data-armed])")) arm(toast);
  for (const zone of $$("input[type=hidden][name=timezone]")) zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  const keys = new Set();
  for (const key of $$("input[name=_key]")) {
    if (keys.has(key.value)) key.value = token();
    keys.add(key.value);
  }
  if (/Mac|iPhone|iPad/.test(navigator.platform)) for (const hint of $$("[data-mod]")) hint.textContent = "⌘K";
}

// --- Toasts ---

function arm(toast) {
  toast.dataset.armed = "";
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), $("button[data-toast-done]:not(.btn-icon), a", toast) ? 10000 : 5000); };
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", start);
  start();
}
function say({ text, undo, url, link, tone = "" }) {
  const toast = $("#gx-toast").content.firstElementChild.cloneNode(true);
  toast.dataset.tone = tone;
  $("p", toast).textContent = text;
  const [back, open] = [$("button", toast), $("a", toast)];
  if (undo) back.setAttribute("hx-post", undo); else back.remove();
  if (url) { open.href = url; if (link) open.textContent = link; } else open.remove();
  if (tone === "bad" || tone === "warn") { const use = $("use", toast); use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#circle-alert")); }
  $("#gx-toasts").append(toast);
  window.htmx?.process(toast);
  scan();
}
document.addEventListener("gx:toast", (event) => say(event.detail));
// A redirect without htmx leaves its toast in a cookie.
function sayFlash() {
  const flash = document.cookie.match(/(?:^|; )gx_flash=([^;]+)/)?.[1];
  if (!flash || !$("#gx-toast")) return;
  document.cookie = "gx_flash=; path=/; max-age=0";
  try { say(JSON.parse(decodeURIComponent(flash))); } catch { /* not ours */ }
}
on("click", "[data-copy]", async (button) => {
  try { await navigator.clipboard.writeText(button.dataset.copy); say({ text: words().copied }); } catch { say({ text: words().failed, tone: "bad" }); }
});
on("click", "[data-toast-done]", (button) => setTimeout(() => button.closest(".toast")?.remove(), 50));

// --- htmx ---

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (!/GET|HEAD/.test(ctx.request.method)) ctx.request.headers["X-CSRF-Token"] = $("meta[name=csrf]")?.content ?? "";
});
document.addEventListener("htmx:confirm", (event) => {
  event.preventDefault();
  const { ctx, issueRequest, dropRequest } = event.detail;
  ask(ctx.confirm).then((yes) => (yes ? issueRequest() : dropRequest()));
});
// An error other than "please correct" must not replace the piece it was asked for: it is told beside the page.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const status = ctx.response?.status ?? 200;
  if (status < 400 || status === 422 || ctx.hx?.retarget || ctx.target === document.body) return;
  event.preventDefault();
  if (ctx.hx?.trigger?.includes("gx:toast")) return;
  const page = new DOMParser().parseFromString(ctx.text ?? "", "text/html");
  const text = page.querySelector(".error-page h1, [role=alert]")?.textContent.trim();
  say({ text: text || (status === 429 ? words().slow : words().failed), tone: "bad" });
});
document.addEventListener("htmx:error", ({ detail }) => {
  if (detail.ctx && !detail.ctx.response) say({ text: words().offline, tone: "bad" });
});
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target === document.body && ctx.text && ctx.swap !== "none") becomePage(ctx);
  const summary = ctx.response?.status === 422 && $("[data-errors]");
  if (summary) summary.focus();
  const form = ctx.sourceElement;
  if (!form?.matches?.("form") || !(ctx.response?.status < 400)) return;
  // The next submission of a form that stays is another one.
  if (form.elements._key) form.elements._key.value = token();
  if (form.matches("[data-composer]")) {
    form.reset();
    fit(form);
    $("textarea", form).focus();
    $(".tl-empty")?.remove();
  }
});
// htmx replaces what is inside the body; the page's own attributes are ours to bring along.
function becomePage(ctx) {
  const page = new DOMParser().parseFromString(ctx.text, "text/html");
  document.body.className = page.body.className;
  document.documentElement.lang = page.documentElement.lang;
  if (!ctx.request?.headers?.["HX-History-Restore-Request"]) scrollTo(0, 0);
}
document.addEventListener("htmx:after:process", scan);
on("click", "a[data-tab]", (tab) => {
  for (const other of $$("a", tab.parentElement)) other.toggleAttribute("aria-current", false);
  tab.setAttribute("aria-current", "page");
});

// --- Dialogs, confirmation, the side panel ---

function show(dialog) {
  dialog?.showModal();
  $("[autofocus], .dialog-body :is(input:not([type=hidden]), select, textarea)", dialog ?? document)?.focus();
}
function ask(text) {
  const dialog = $("#gx-confirm");
  $("#gx-confirm-text").textContent = text;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}
on("click", "[data-dialog]", (button) => {
  button.closest("[popover]")?.hidePopover();
  show(document.getElementById(button.dataset.dialog));
});
on("click", "[data-close]", (button) => button.closest("dialog")?.close());
on("click", "dialog[closedby=any]", (dialog, event) => {
  if (event.target !== dialog || "closedBy" in dialog) return;
  const box = dialog.getBoundingClientRect();
  if (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom) dialog.close();
});
document.addEventListener("close", ({ target }) => { if (target.parentElement?.id === "gx-dialogs") target.remove(); }, true);
on("click", "[data-confirm]", async (button, event) => {
  if (button.dataset.sure) { delete button.dataset.sure; return; }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await ask(button.dataset.confirm)) { button.dataset.sure = "1"; button.click(); }
}, true);

let opener;
function preview(row) {
  opener = row;
  for (const other of $$("[aria-current][data-preview]")) other.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  window.htmx.ajax("GET", row.dataset.preview, { target: "#gx-side", swap: "innerHTML", push: "true", headers: { "HX-Target": "aside#gx-side" } });
}
function closeSide() {
  const side = $("#gx-side");
  if (!side?.childElementCount) return false;
  side.replaceChildren();
  for (const row of $$("[aria-current][data-preview]")) row.removeAttribute("aria-current");
  const url = new URL(location);
  url.searchParams.delete("preview");
  history.replaceState(history.state, "", url);
  if (opener?.isConnected) $("a", opener)?.focus();
  return true;
}
on("click", "[data-close-side]", (_link, event) => { event.preventDefault(); closeSide(); });
on("click", "tr[data-preview]", (row, event) => {
  if (event.target.closest("a, button, input, label, select, textarea") || getSelection().toString() || innerWidth < 768) return;
  preview(row);
});

// --- Forms ---

on("input", "form[data-guard]", (form) => { form.dataset.dirty = "1"; });
on("submit", "form", (form, event) => {
  delete form.dataset.dirty;
  // What htmx does not send leads to another page, and is sent once however often it is clicked; an answer may be a file.
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 3000);
});
addEventListener("beforeunload", (event) => { if ($("form[data-dirty]")) event.preventDefault(); });
on("change", "[data-submit-on-change]", (input) => input.form.requestSubmit());
// A composer shows what belongs to its chosen kind.
function fit(form) {
  const kind = $("[name=kind]:checked", form), area = $("textarea", form);
  for (const part of $$("[data-for-kind]", form)) part.hidden = part.dataset.forKind !== kind?.value;
  area.dataset.usual ??= area.placeholder;
  area.placeholder = kind?.dataset.placeholder || area.dataset.usual;
}
on("change", "[data-composer] [name=kind]", ({ form }) => { fit(form); $("textarea", form).focus(); });
on("keydown", "[data-composer] textarea", (area, event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); area.form.requestSubmit(); }
});
on("keydown", "form[data-escape]", (form, event) => {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  const cell = form.closest("td");
  window.htmx.ajax("GET", form.dataset.escape, { source: form, target: cell, swap: "outerHTML" });
});
on("submit", "form[data-filter]", (form, event) => {
  event.preventDefault();
  const data = new FormData(form);
  const [field, op, value] = ["f.field", "f.op", "f.value"].map((name) => data.get(name) ?? "");
  for (const name of ["f.field", "f.op", "f.value"]) data.delete(name);
  if (value || /^(empty|notempty|me)$/.test(op)) data.append("f", value ? `${field}:${op}:${value}` : `${field}:${op}`);
  location.search = new URLSearchParams(data);
});
for (const type of ["dragover", "dragleave", "drop"]) {
  on(type, "[data-drop]", (box, event) => {
    event.preventDefault();
    box.classList.toggle("over", type === "dragover");
    if (type !== "drop") return;
    const input = $("input", box);
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
on("change", "[data-drop] input", (input) => { $("output", input.parentElement).textContent = [...input.files].map((f) => f.name).join(", "); });

// --- Theme ---

on("click", "[data-theme-set]", (button) => {
  const theme = button.dataset.themeSet;
  document.documentElement.dataset.theme = theme;
  document.cookie = `gx_theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  for (const other of $$("[data-theme-set]")) other.setAttribute("aria-pressed", other.dataset.themeSet === theme);
  document.dispatchEvent(new Event("gx:theme"));
});

// --- Palette ---

const choices = () => $$("#gx-pal-list a[role=option]");
function choose(option) {
  for (const other of choices()) other.setAttribute("aria-selected", other === option);
  option?.scrollIntoView({ block: "nearest" });
  $("#gx-pal-q").setAttribute("aria-activedescendant", option?.id ?? "");
}
function openPalette() {
  const dialog = $("#gx-palette");
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const input = $("#gx-pal-q");
  input.select();
  choose(choices()[0]);
  // Nothing there yet: ask for what there is to do.
  if (!choices().length) input.dispatchEvent(new Event("input", { bubbles: true }));
}
on("click", "[data-palette]", (button) => { button.closest("[popover]")?.hidePopover(); openPalette(); });
on("submit", ".pal-head", (_form, event) => event.preventDefault(), true);
on("keydown", "#gx-pal-q", (_input, event) => {
  const all = choices();
  const at = all.findIndex((o) => o.getAttribute("aria-selected") === "true");
  if (event.isComposing) return;
  if (event.key === "Enter") { event.preventDefault(); event.stopPropagation(); all[at]?.click(); }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) { event.preventDefault(); choose(all[(at + step + all.length) % all.length]); }
});
on("click", ".pal-item", () => $("#gx-palette").close());

// --- Shortcuts ---

let going = 0;
const visible = (node) => node.checkVisibility?.() ?? node.offsetParent;
function stepRow(step) {
  const links = $$("tbody .c-main > * > a, tbody .c-main > a").filter(visible);
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
}
function shortcut(event) {
  const { key } = event;
  const row = document.activeElement?.closest?.("tr[data-id]");
  if (Date.now() < going) { going = 0; const link = $$(`[data-go="${CSS.escape(key)}"]`).find(visible); link?.click(); return !!link; }
  if (key === "g") { going = Date.now() + 1500; return true; }
  if (key === "/") { const box = $$("main [data-slash]").find(visible); if (box) box.select(); else openPalette(); return true; }
  if (key === "?") { $("#gx-shortcuts")?.showModal(); return true; }
  if (key === "j" || key === "k") { stepRow(key === "j" ? 1 : -1); return true; }
  if (key === "x" && row) { $("[name=ids]", row)?.click(); return true; }
  if (key === " " && row?.dataset.preview && document.activeElement.matches("a")) { preview(row); return true; }
  const target = $$(`[data-shortcut="${CSS.escape(key)}"]`).find(visible);
  target?.click();
  return !!target;
}
document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
  if (event.key === "Escape" && !$("dialog[open], :popover-open") && !typing(event.target)) { closeSide(); return; }
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || event.key.length > 1) return;
  if (typing(event.target) || $("dialog[open]")) return;
  if (shortcut(event)) event.preventDefault();
});

// --- Menus where the browser cannot anchor them ---

if (!CSS.supports("position-area", "block-end")) {
  document.addEventListener("toggle", ({ target: menu, newState }) => {
    const button = newState === "open" && menu.id && $(`[popovertarget="${CSS.escape(menu.id)}"]`);
    if (!button) return;
    const from = button.getBoundingClientRect();
    const left = menu.dataset.align === "end" ? from.right - menu.offsetWidth : from.left;
    const below = from.bottom + menu.offsetHeight + 8 < innerHeight;
    menu.style.left = `${Math.max(8, Math.min(left, innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = `${below ? from.bottom : Math.max(8, from.top - menu.offsetHeight - 8)}px`;
  }, true);
}

// --- Live: one stream per browser. The tab that holds the lock reads it and passes it on; a hidden tab lets go. ---

const { live, workspace } = document.body.dataset;
if (live && navigator.locks && window.BroadcastChannel) {
  const name = `gx-live-${workspace}`;
  const channel = new BroadcastChannel(name);
  const apply = ([type, data]) => {
    if (type === "toast") say(JSON.parse(data));
    else window.htmx?.swap({ text: data, sourceElement: document.body, target: document.body, swap: "none" });
  };
  let waiting, release;
  const lead = () => new Promise((done) => {
    const stream = new EventSource(live);
    for (const type of ["partial", "toast"]) {
      stream.addEventListener(type, ({ data }) => { apply([type, data]); channel.postMessage([type, data]); });
    }
    release = () => { stream.close(); release = null; done(); };
  });
  const attend = () => {
    waiting?.abort();
    if (document.hidden) { waiting = null; release?.(); return; }
    if (release) return;
    waiting = new AbortController();
    navigator.locks.request(name, { signal: waiting.signal }, lead).catch(() => {});
  };
  channel.onmessage = ({ data }) => apply(data);
  document.addEventListener("visibilitychange", attend);
  addEventListener("pagehide", () => release?.());
  addEventListener("pageshow", attend);
  attend();
}

scan();
sayFlash();
