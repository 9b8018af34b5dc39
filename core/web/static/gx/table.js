// Lists: selection with its bar, and the column chooser.

class Table extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this);
    this.addEventListener("change", this);
    this.addEventListener("reset", this);
  }

  get boxes() { return [...this.querySelectorAll("[name=ids]")]; }

  get everything() { return this.querySelector(".bulk [name=all]"); }

  handleEvent(event) {
    if (event.type === "reset") { setTimeout(() => this.mark(false)); return; }
    const { target } = event;
    if (event.type === "change" && target.matches("[data-select-page]")) this.mark(target.checked);
    if (event.type === "click" && target.matches("[name=ids]")) this.range(target, event.shiftKey);
    if (event.type === "click" && target.closest("[data-all]")) { this.mark(true); this.everything.disabled = false; this.everything.value = "1"; }
    else if (event.type === "change") this.everything.disabled = true;
    this.count();
  }

  mark(checked) {
    for (const box of this.boxes) box.checked = checked;
    if (!checked && this.everything) this.everything.disabled = true;
    this.count();
  }

  range(box, shift) {
    const { boxes } = this;
    const [from, to] = [boxes.indexOf(this.last), boxes.indexOf(box)];
    if (shift && from >= 0) for (const one of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
    this.last = box;
  }

  count() {
    const { boxes } = this;
    const n = boxes.filter((box) => box.checked).length;
    const shown = this.querySelector("[data-count]");
    const all = this.everything && !this.everything.disabled;
    if (shown) shown.textContent = all ? this.querySelector("[data-all]").textContent.replace(/[^\d.,\s]/g, "").trim() || this.querySelector("[data-all]").dataset.all : n.toLocaleString();
    const head = this.querySelector("[data-select-page]");
    if (head) { head.checked = n > 0 && n === boxes.length; head.indeterminate = n > 0 && n < boxes.length; }
  }
}

class Columns extends HTMLElement {
  connectedCallback() {
    this.addEventListener("keydown", (event) => {
      const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const row = event.target.closest("li");
      if (!step || !row) return;
      event.preventDefault();
      if (step < 0) row.previousElementSibling?.before(row); else row.nextElementSibling?.after(row);
      event.target.focus();
    });
    this.addEventListener("dragstart", (event) => { this.held = event.target.closest?.("li"); });
    this.addEventListener("dragover", (event) => {
      const row = event.target.closest("li");
      if (!this.held || !row || row === this.held) return;
      event.preventDefault();
      const box = row.getBoundingClientRect();
      row[event.clientY > box.top + box.height / 2 ? "after" : "before"](this.held);
    });
    this.addEventListener("dragend", () => { this.held = null; });
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      const names = [...this.querySelectorAll("[name=columns]:checked")].map((box) => box.value);
      const url = new URL(event.target.action, location);
      url.searchParams.set("columns", names.join(","));
      location.assign(url);
    });
  }
}

customElements.define("gx-table", Table);
customElements.define("gx-columns", Columns);
