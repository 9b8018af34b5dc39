// Draws the table inside <gx-chart>. The library is fetched when the first chart comes into view.

let library;
function load(url) {
  library ??= new Promise((done, fail) => {
    const script = Object.assign(document.createElement("script"), { src: url, onload: () => done(window.echarts), onerror: fail });
    document.head.append(script);
  });
  return library;
}

const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function colour(node, value) {
  const probe = document.createElement("i");
  probe.style.color = value;
  node.append(probe);
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
  return `rgb(${r},${g},${b})`;
}

const HUES = [[264, 0.17], [198, 0.1], [68, 0.13], [330, 0.15], [152, 0.12], [300, 0.15], [25, 0.16]];

class Chart extends HTMLElement {
  connectedCallback() {
    this.table = this.querySelector("table");
    if (!this.table || this.box) return;
    this.seen = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      this.seen.disconnect();
      load(this.dataset.library).then((echarts) => this.start(echarts)).catch(() => {});
    }, { rootMargin: "120px" });
    this.seen.observe(this);
  }

  disconnectedCallback() {
    this.seen?.disconnect();
    this.resize?.disconnect();
    this.end?.abort();
    this.drawn?.dispose();
    this.box = null;
  }

  start(echarts) {
    this.box = document.createElement("div");
    this.box.className = "chart-box";
    this.box.setAttribute("role", "img");
    this.box.setAttribute("aria-label", this.table.caption?.textContent ?? "");
    const toggle = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet btn-s", textContent: this.dataset.show });
    toggle.addEventListener("click", () => {
      this.table.hidden = !this.table.hidden;
      this.box.hidden = !this.table.hidden;
      toggle.textContent = this.table.hidden ? this.dataset.show : this.dataset.hide;
      if (this.table.hidden) this.drawn.resize();
    });
    this.prepend(this.box);
    this.append(toggle);
    this.table.hidden = true;
    this.drawn = echarts.init(this.box, null, { renderer: "canvas" });
    this.drawn.on("click", ({ dataIndex }) => { const { link } = this.rows[dataIndex] ?? {}; if (link) location.assign(link); });
    this.resize = new ResizeObserver(() => this.drawn.resize());
    this.resize.observe(this.box);
    this.end = new AbortController();
    const { signal } = this.end;
    document.addEventListener("gx:theme", () => this.draw(), { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), { signal });
    this.draw();
  }

  read() {
    this.series = [...this.table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
    this.rows = [...this.table.tBodies[0].rows].map((row) => ({
      label: row.cells[0].textContent.trim(),
      link: row.querySelector("a")?.href,
      values: [...row.cells].slice(1).map((cell) => ({ value: Number(cell.dataset.v), text: cell.textContent.trim() })),
    }));
  }

  draw() {
    this.read();
    const look = getComputedStyle(this);
    const dark = look.colorScheme === "dark" || (look.colorScheme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    const c = (name) => colour(this, `var(--${name})`);
    const hue = ([h, chroma], shade = 0) => colour(this, `oklch(${(dark ? 62 : 57) + shade}% ${chroma} ${h})`);
    this.paint = { text: c("text"), muted: c("muted"), line: c("line"), surface: c("surface"), raised: c("raised"), hue, dark };
    const { kind } = this.dataset;
    const option = kind === "pie" ? this.pie() : kind === "funnel" ? this.funnel() : this.axes(kind);
    this.drawn.setOption({
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches, animationDuration: 300,
      textStyle: { fontFamily: look.fontFamily, fontSize: 12, color: this.paint.text },
      color: HUES.map((one) => hue(one)),
      tooltip: { renderMode: "richText", trigger: kind === "pie" || kind === "funnel" ? "item" : "axis", axisPointer: { type: kind === "line" || kind === "area" ? "line" : "shadow", shadowStyle: { opacity: 0.06 } },
        backgroundColor: this.paint.raised, borderColor: this.paint.line, textStyle: { color: this.paint.text, fontSize: 12 }, formatter: (at) => this.tip(at) },
      ...option,
    }, true);
  }

  tip(at) {
    const marks = Array.isArray(at) ? at : [at];
    const row = this.rows[marks[0].dataIndex];
    const lines = marks.map((mark) => `${this.series.length > 1 ? `${mark.seriesName}  ` : ""}${row.values[mark.seriesIndex ?? 0]?.text ?? ""}`);
    return `${row.label}\n${lines.join("\n")}`;
  }

  axes(kind) {
    const { muted, line } = this.paint;
    const lying = kind === "hbar";
    const curve = kind === "line" || kind === "area";
    const names = { type: "category", data: this.rows.map((row) => row.label), inverse: lying, axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, axisLabel: { color: muted, hideOverlap: true } };
    const amounts = { type: "value", splitNumber: 4, splitLine: { lineStyle: { color: line } }, axisLabel: { color: muted, formatter: (v) => new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" }).format(v) } };
    return {
      grid: { left: 4, right: 12, top: this.series.length > 1 ? 34 : 12, bottom: 4, containLabel: true },
      legend: this.series.length > 1 ? { top: 0, left: 0, itemWidth: 10, itemHeight: 10, icon: "roundRect", textStyle: { color: muted } } : undefined,
      xAxis: lying ? amounts : names, yAxis: lying ? names : amounts,
      series: this.series.map((name, index) => ({
        name, type: curve ? "line" : "bar", data: this.rows.map((row) => row.values[index]?.value), stack: kind === "stacked" ? "all" : undefined,
        barMaxWidth: 28, itemStyle: { borderRadius: curve || kind === "stacked" ? 0 : lying ? [0, 4, 4, 0] : [4, 4, 0, 0] },
        smooth: 0.25, showSymbol: false, lineStyle: { width: 2 }, areaStyle: kind === "area" ? { opacity: 0.12 } : undefined,
      })),
    };
  }

  pie() {
    const { muted, surface } = this.paint;
    return { series: [{ type: "pie", radius: ["52%", "78%"], data: this.rows.map((row) => ({ name: row.label, value: row.values[0].value })), itemStyle: { borderColor: surface, borderWidth: 2 }, label: { color: muted } }] };
  }

  funnel() {
    const { text, surface, hue } = this.paint;
    return { series: [{ type: "funnel", left: 0, right: "38%", top: 6, bottom: 6, minSize: "6%", gap: 3, sort: "none", label: { position: "right", color: text, formatter: ({ dataIndex }) => `${this.rows[dataIndex].label}  ${this.rows[dataIndex].values.map((v) => v.text).join("  ")}` },
      labelLine: { length: 14, lineStyle: { color: this.paint.line } }, itemStyle: { borderColor: surface, borderWidth: 0 },
      data: this.rows.map((row, index) => ({ name: row.label, value: row.values[0].value, itemStyle: { color: hue([264, 0.17 - index * 0.018], index * (this.paint.dark ? -5 : 6)) } })) }] };
  }
}

customElements.define("gx-chart", Chart);
