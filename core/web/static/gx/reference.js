// <gx-reference data-script data-url>: loads the reference's own script, which is large, and shows the description.
// Everything that would leave this site is switched off: fonts, telemetry, proxy, client, assistants.

class Reference extends HTMLElement {
  // What the library leaves out for readers: lists that scroll take the focus, every button has a name, regions are
  // few, and an id names one element.
  mend() {
    for (const list of this.querySelectorAll(".endpoints:not([tabindex])")) list.tabIndex = 0;
    for (const card of this.querySelectorAll(".scalar-card[role=region]")) card.removeAttribute("role");
    for (const button of this.querySelectorAll("button[class*=copy-button]:not([aria-label])"))
      button.setAttribute("aria-label", this.dataset.copyLabel);
    const seen = new Set();
    for (const node of this.querySelectorAll("[id]")) {
      if (seen.has(node.id)) node.removeAttribute("id");
      seen.add(node.id);
    }
  }
  connectedCallback() {
    // The library brings a main landmark of its own.
    const main = this.closest("main");
    if (main) return main.replaceWith(this);
    const script = document.createElement("script");
    script.src = this.dataset.script;
    script.onload = () => this.show();
    document.head.append(script);
  }
  show() {
    this.replaceChildren();
    // At once, not a moment later: nobody ever meets what is not mended.
    new MutationObserver(() => this.mend()).observe(this, { childList: true, subtree: true });
    const dark = document.documentElement.dataset.theme;
    window.Scalar.createApiReference(this, {
      url: this.dataset.url,
      withDefaultFonts: false,
      telemetry: false,
      persistAuth: false,
      hideClientButton: true,
      hideDarkModeToggle: true,
      showDeveloperTools: "never",
      agent: { disabled: true },
      mcp: { disabled: true },
      forceDarkModeState: dark === "dark" || dark === "light" ? dark : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
      defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
      authentication: { preferredSecurityScheme: "key" },
      documentDownloadType: "none",
    });
  }
}
customElements.define("gx-reference", Reference);
