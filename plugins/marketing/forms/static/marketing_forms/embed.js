// Puts a form where this script stands on another site's page, and gives it the height it needs.
(() => {
  const script = document.currentScript;
  const page = new URL(script.src.replace(/\/embed\.js.*$/, "/embed"));
  for (const [name, value] of new URLSearchParams(location.search)) if (/^[a-z][a-z0-9_]*$/.test(name)) page.searchParams.set(name, value);
  page.searchParams.set("page", location.href.slice(0, 500));
  page.searchParams.set("referrer", document.referrer.slice(0, 500));
  const frame = document.createElement("iframe");
  frame.src = page.href;
  frame.title = script.dataset.title || document.title;
  frame.loading = "lazy";
  frame.style.cssText = "width:100%;min-height:320px;border:0;color-scheme:light dark";
  script.after(frame);
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== page.origin || !data?.guanxi) return;
    if (data.height > 0 && data.height < 20000) frame.style.height = `${Math.ceil(data.height)}px`;
    if (/^https?:\/\//.test(data.go)) location.assign(data.go);
  });
})();
