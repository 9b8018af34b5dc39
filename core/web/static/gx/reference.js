// <gx-reference data-script data-url>: loads the reference's own script, which is large, and shows the description.
// Everything that would leave this site is switched off: fonts, telemetry, proxy, client, assistants.

class Reference extends HTMLElement {
  connectedCallback() {
    const script = document.createElement("script");
    script.src = this.dataset.script;
    script.onload = () => this.show();
    document.head.append(script);
  }
  show() {
    this.replaceChildren();
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
