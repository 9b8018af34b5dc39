// The board: drag by pointer or touch, Alt+arrows by keyboard. The server decides; a refused card goes back.

const HOLD_MS = 220;
const SLACK_PX = 5;

class Board extends HTMLElement {
  connectedCallback() {
    this.addEventListener("pointerdown", (event) => this.press(event));
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("click", (event) => { if (this.dropped) { event.preventDefault(); event.stopPropagation(); } }, true);
    this.addEventListener("touchmove", (event) => { if (this.drag) event.preventDefault(); }, { passive: false });
    this.addEventListener("contextmenu", (event) => { if (this.drag) event.preventDefault(); });
    this.addEventListener("htmx:before:swap", (event) => this.arrive(event));
  }

  press(event) {
    const card = event.target.closest(".bcard");
    if (!card?.dataset.move || event.button || event.target.closest("button")) return;
    const touch = event.pointerType !== "mouse";
    const start = { x: event.clientX, y: event.clientY };
    const end = new AbortController();
    const { signal } = end;
    let timer = touch && setTimeout(() => this.lift(card, start), HOLD_MS);
    const finish = (keep) => { clearTimeout(timer); end.abort(); if (this.drag) this.drop(keep); };
    addEventListener("pointermove", (move) => {
      const far = Math.hypot(move.clientX - start.x, move.clientY - start.y) > SLACK_PX;
      if (!this.drag && far && touch) { clearTimeout(timer); timer = 0; finish(false); return; }
      if (!this.drag && far) this.lift(card, start);
      if (this.drag) this.follow(move.clientX, move.clientY);
    }, { signal });
    addEventListener("pointerup", () => finish(true), { signal });
    addEventListener("pointercancel", () => finish(false), { signal });
    addEventListener("keydown", (down) => { if (down.key === "Escape") finish(false); }, { signal });
  }

  lift(card, start) {
    const box = card.getBoundingClientRect();
    const gap = document.createElement("div");
    gap.className = "drop-here";
    gap.style.height = `${box.height}px`;
    this.drag = { card, gap, origin: this.place(card), dx: start.x - box.left, dy: start.y - box.top };
    card.after(gap);
    card.style.width = `${box.width}px`;
    card.classList.add("dragging");
    this.classList.add("lifting");
    getSelection().removeAllRanges();
    navigator.vibrate?.(10);
    this.follow(start.x, start.y);
  }

  follow(x, y) {
    const { card, gap, dx, dy } = this.drag;
    card.style.left = `${x - dx}px`;
    card.style.top = `${y - dy}px`;
    const edge = this.getBoundingClientRect();
    if (x > edge.right - 48) this.scrollLeft += 14; else if (x < edge.left + 48) this.scrollLeft -= 14;
    const column = document.elementFromPoint(x, y)?.closest?.("gx-board .col");
    for (const other of this.querySelectorAll(".col.over")) if (other !== column) other.classList.remove("over");
    if (!column || !this.contains(column)) return;
    column.classList.add("over");
    const list = column.querySelector(".col-cards");
    this.put(gap, list, card, (other) => {
      const box = other.getBoundingClientRect();
      return y < box.top + box.height / 2;
    });
  }

  // Where a column keeps an order of its own, a card lands in its place; elsewhere above the first that is below.
  put(what, list, card, isBelow) {
    const { order } = card.dataset;
    const others = [...list.querySelectorAll(".bcard:not(.dragging)")].filter((other) => other !== card);
    const below = others.find(order ? (other) => other.dataset.order < order : isBelow);
    list.insertBefore(what, below ?? list.querySelector(".col-more"));
  }

  // A card that was moved here stands above the button; where it comes again with those below, once is enough.
  arrive({ target, detail: { ctx } }) {
    if (!target.matches(".col-more")) return;
    for (const card of target.parentElement.querySelectorAll(".bcard")) if (ctx.text.includes(`id="${card.id}"`)) card.remove();
  }

  drop(keep) {
    const { card, gap, origin } = this.drag;
    this.drag = null;
    card.classList.remove("dragging");
    this.classList.remove("lifting");
    for (const side of ["width", "left", "top"]) card.style[side] = "";
    if (keep) gap.replaceWith(card); else gap.remove();
    for (const column of this.querySelectorAll(".col.over")) column.classList.remove("over");
    this.dropped = true;
    setTimeout(() => { this.dropped = false; });
    const now = this.place(card);
    if (keep && (now.list !== origin.list || now.next !== origin.next)) this.send(card, origin);
  }

  key(event) {
    const card = event.altKey && event.target.closest(".bcard");
    if (!card || !card.dataset.move || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const origin = this.place(card);
    const column = card.closest(".col");
    const isUpDown = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (isUpDown && card.dataset.order) return;
    if (event.key === "ArrowUp") card.previousElementSibling?.before(card);
    else if (event.key === "ArrowDown") { if (card.nextElementSibling?.matches(".bcard")) card.nextElementSibling.after(card); }
    else {
      const beside = event.key === "ArrowLeft" ? column.previousElementSibling : column.nextElementSibling;
      if (beside?.matches(".col")) this.put(card, beside.querySelector(".col-cards"), card, () => true);
    }
    card.querySelector("a").focus();
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
    const now = this.place(card);
    if (now.list !== origin.list || now.next !== origin.next) this.send(card, origin);
  }

  place(card) { return { list: card.parentElement, next: card.nextElementSibling?.matches(".drop-here") ? card.nextElementSibling.nextElementSibling : card.nextElementSibling }; }

  send(card, origin) {
    const column = card.closest(".col");
    const { next } = this.place(card);
    const values = {
      stage: column.dataset.stage,
      before: next?.dataset?.id ?? "",
      after: card.previousElementSibling?.dataset?.id ?? "",
      version: card.dataset.version ?? "",
    };
    const live = this.querySelector("[data-status]");
    const end = new AbortController();
    const { signal } = end;
    const back = () => {
      end.abort();
      card.classList.remove("moving");
      const focused = card.contains(document.activeElement);
      origin.list.insertBefore(card, origin.next?.isConnected ? origin.next : null);
      if (focused) card.querySelector("a").focus();
      live.textContent = this.dataset.failed;
    };
    card.classList.add("moving");
    card.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
      if (ctx.response.status >= 400) { back(); return; }
      end.abort();
      card.classList.remove("moving");
      live.textContent = this.dataset.said.replace("%s", column.dataset.title);
    }, { signal });
    card.addEventListener("htmx:error", back, { signal });
    window.htmx.ajax("POST", card.dataset.move, { source: card, target: card, swap: "none", values });
  }
}

customElements.define("gx-board", Board);
