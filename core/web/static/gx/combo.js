// A combobox whose options the server finds: type, arrows, Enter; the hidden input keeps the id.

class Combo extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("[role=combobox]");
    this.list = this.querySelector("[role=listbox]");
    this.hidden_ = this.querySelector("input[type=hidden]");
    this.settled = this.input.value;
    this.input.addEventListener("focus", () => { this.input.select(); });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("input", () => { if (!this.input.value) this.pick("", ""); });
    this.input.addEventListener("blur", () => setTimeout(() => { this.input.value = this.settled; this.close(); }, 150));
    this.list.addEventListener("pointerdown", (event) => {
      const option = event.target.closest("[role=option]");
      event.preventDefault();
      if (option) this.pick(option.dataset.value, option.dataset.label);
    });
    this.addEventListener("htmx:after:swap", () => { if (document.activeElement === this.input) this.open(); });
  }

  get options() { return [...this.list.querySelectorAll("[role=option]")]; }

  open() {
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.options.forEach((option, index) => { option.id ||= `${this.list.id}-${index}`; });
    this.aim(0);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  aim(index) {
    const { options } = this;
    this.at = options.length ? (index + options.length) % options.length : -1;
    options.forEach((option, place) => option.setAttribute("aria-selected", place === this.at));
    options[this.at]?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", options[this.at]?.id ?? "");
  }

  pick(value, label) {
    this.hidden_.value = value;
    this.settled = this.input.value = label;
    this.close();
    this.hidden_.dispatchEvent(new Event("change", { bubbles: true }));
    this.hidden_.dispatchEvent(new Event("input", { bubbles: true }));
  }

  key(event) {
    const shut = this.list.hidden;
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (shut) this.input.dispatchEvent(new Event("gx:search")); else this.aim(this.at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !shut) {
      event.preventDefault();
      const option = this.options[this.at];
      if (option) this.pick(option.dataset.value, option.dataset.label);
    } else if (event.key === "Escape" && !shut) {
      event.preventDefault();
      event.stopPropagation();
      this.input.value = this.settled;
      this.close();
    }
  }
}

customElements.define("gx-combo", Combo);
