// The little that the pages need beyond htmx: toasts, shortcuts, dialogs, a clock, charts.
// Everything works without it as plain links and forms. No inline scripts: the policy is script-src 'self'.
(() => {
  "use strict";
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Answers that carry a page's own errors are swapped like good ones (see also the meta tag htmx-config in base.html);
  // any other error keeps the page as it is and says so.
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401 || status === 403) toast("You are no longer logged in here, or may not do this. Nothing was changed.", { error: true });
    else if (status === 404) toast("That is no longer here. Load the page again to see what is.", { error: true });
    else toast("That did not work, and the fault is ours. Load the page again to see what was saved.", { error: true });
  });
  document.addEventListener("htmx:sendError", () => toast("The server did not answer. Load the page again to see whether it was saved.", { error: true }));
  document.addEventListener("htmx:timeout", () => toast("The server took too long. Load the page again to see whether it was saved.", { error: true }));

  // Anything of ours that posts without htmx asks here for its header.
  const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";

  // --- Toasts: from the server as HTML in #toasts, or by the header HX-Trigger: {"toast": {"text": …, "undo": …}}.
  const region = () => document.getElementById("toasts");
  const VISIBLE_MS = 8000;
  const VISIBLE_WITH_UNDO_MS = 20000;

  function arm(element) {
    if (element.dataset.armed || element.classList.contains("toast-inline")) return;
    element.dataset.armed = "1";
    const length = element.querySelector("form") ? VISIBLE_WITH_UNDO_MS : VISIBLE_MS;
    let timer = 0;
    const start = () => { timer = window.setTimeout(() => element.remove(), length); };
    const stop = () => window.clearTimeout(timer);
    element.addEventListener("mouseenter", stop);
    element.addEventListener("mouseleave", start);
    element.addEventListener("focusin", stop);
    element.addEventListener("focusout", start);
    if (!element.classList.contains("toast-error")) start();
  }

  function toast(text, { undo = "", target = "", swap = "outerHTML", error = false } = {}) {
    const home = region();
    if (!home) return;
    const box = document.createElement("div");
    box.className = error ? "toast toast-error" : "toast";
    const words = document.createElement("p");
    words.textContent = text;
    box.append(words);
    if (undo) {
      const form = document.createElement("form");
      form.method = "post";
      form.action = undo;
      const token = Object.assign(document.createElement("input"), { type: "hidden", name: "csrfmiddlewaretoken", value: csrf() });
      const button = Object.assign(document.createElement("button"), { type: "submit", className: "btn btn-small", textContent: home.dataset.undo || "Undo" });
      form.append(token, button);
      if (target) {
        form.setAttribute("hx-post", undo);
        form.setAttribute("hx-target", target);
        form.setAttribute("hx-swap", swap);
      }
      box.append(form);
    }
    box.append(closer());
    home.append(box);
    if (window.htmx) window.htmx.process(box);
    arm(box);
  }

  function closer() {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-small", textContent: region().dataset.close || "Close" });
    button.dataset.close = "toast";
    return button;
  }

  document.addEventListener("toast", (event) => {
    const detail = event.detail || {};
    toast(detail.text || detail.value || "", detail);
  });

  // --- Clicks: close a toast, open and close a dialog, leave an open menu.
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-close], [data-dialog], [data-print]");
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (!target) return;
    if (target.dataset.close === "toast") target.closest(".toast")?.remove();
    else if (target.dataset.close === "dialog") target.closest("dialog")?.close();
    else if ("print" in target.dataset) window.print();
    else if (target.dataset.dialog) {
      const dialog = document.getElementById(target.dataset.dialog);
      if (dialog?.showModal) {
        event.preventDefault();
        dialog.showModal();
      }
    }
  });
  // A toast whose undo was taken has done its work.
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) event.target.closest?.(".toast")?.remove();
  });

  // --- Shortcuts: data-key="n" on a link or button presses it, on a field goes there. Off with <body data-keys="off">.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const menu of $$("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.body.dataset.keys === "off") return;
    if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    const element = $$("[data-key]").find((one) => one.dataset.key === event.key.toLowerCase() && one.offsetParent !== null);
    if (!element) return;
    event.preventDefault();
    if (element.matches("input, textarea, select")) {
      element.focus();
      element.select?.();
    } else element.click();
  });

  // --- A select that saves when it changes: its form carries data-autosave; its button is for pages without scripts.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosave]");
    if (form) form.requestSubmit();
  });

  // --- The clock of a store, in its own zone.
  function tick() {
    for (const clock of $$("time[data-clock]")) {
      try {
        clock.textContent = new Intl.DateTimeFormat(document.documentElement.lang || "en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: clock.dataset.clock || undefined }).format(new Date());
      } catch { clock.removeAttribute("data-clock"); }
    }
  }
  window.setInterval(tick, 10000);

  // --- Charts: <canvas data-chart="ID"> and the data in <script type="application/json" id="ID">:
  // {"type": "line|bar", "labels": [...], "unit": "%", "begin_at_zero": true, "horizontal": false, "stacked": false,
  //  "series": [{"label": "...", "values": [...], "role": "accent|good|warn|soft", "dashed": false, "low": [...], "high": [...]}]}
  const probe = (place, role) => {
    const element = document.createElement("span");
    element.hidden = true;
    element.style.color = `var(--${role})`;
    place.append(element);
    const value = getComputedStyle(element).color;
    element.remove();
    // Through a canvas: colours in oklch come out as the rgb that Chart.js reads.
    const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    pen.fillStyle = value;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const rgb = (parts, alpha = 1) => `rgb(${parts.join(" ")} / ${alpha})`;
  const ROLES = { accent: "accent", good: "good", warn: "warn", soft: "line-strong" };

  function datasets(spec, place) {
    const made = [];
    for (const one of spec.series) {
      const colour = probe(place, ROLES[one.role] || "accent");
      const line = spec.type !== "bar";
      if (line && one.low && one.high) {
        made.push({ data: one.low, pointRadius: 0, borderWidth: 0, isBand: true });
        made.push({ data: one.high, pointRadius: 0, borderWidth: 0, fill: "-1", backgroundColor: rgb(colour, 0.16), isBand: true });
      }
      made.push({
        label: one.label, data: one.values, borderColor: rgb(colour), backgroundColor: line ? rgb(colour) : rgb(colour, one.role === "soft" ? 0.6 : 1),
        borderWidth: line ? 2 : 0, borderDash: one.dashed ? [5, 4] : [], pointRadius: line && spec.labels.length < 20 ? 2.5 : 0, pointHoverRadius: 5, tension: 0.2, borderRadius: line ? 0 : 4, maxBarThickness: 28,
      });
    }
    return made;
  }

  // The legend's own swatch has the dots of the line, of which there may be none: a line, or a box for bars.
  function swatches(chart) {
    const made = window.Chart.defaults.plugins.legend.labels.generateLabels(chart);
    for (const item of made) {
      const set = chart.data.datasets[item.datasetIndex];
      const bar = chart.config.type === "bar";
      Object.assign(item, { pointStyle: bar ? "rect" : "line", strokeStyle: bar ? set.backgroundColor : set.borderColor, fillStyle: set.backgroundColor, lineWidth: bar ? 0 : 3, lineDash: set.borderDash });
    }
    return made;
  }

  function mount(canvas) {
    const data = document.getElementById(canvas.dataset.chart);
    if (!data || !window.Chart) return;
    window.Chart.getChart(canvas)?.destroy();
    const spec = JSON.parse(data.textContent);
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const ink = rgb(probe(canvas.parentElement, "ink-soft"));
    const grid = rgb(probe(canvas.parentElement, "line"));
    const unit = (value) => `${value}${spec.unit ? "\u202f" + spec.unit : ""}`;
    const values = { beginAtZero: spec.begin_at_zero !== false, stacked: !!spec.stacked, grid: { color: grid }, border: { display: false }, ticks: { color: ink, maxTicksLimit: 6, callback: unit } };
    const names = { stacked: !!spec.stacked, grid: { display: false }, border: { color: grid }, ticks: { color: ink, maxRotation: 0, autoSkipPadding: 16 } };
    new window.Chart(canvas, {
      type: spec.type || "line",
      data: { labels: spec.labels, datasets: datasets(spec, canvas.parentElement) },
      options: {
        animation: still ? false : { duration: 150 }, responsive: true, maintainAspectRatio: false, indexAxis: spec.horizontal ? "y" : "x",
        interaction: { mode: "index", intersect: false },
        font: { family: getComputedStyle(document.body).fontFamily, size: 13 },
        scales: spec.horizontal ? { x: values, y: names } : { x: names, y: values },
        plugins: {
          legend: { display: spec.series.length > 1, position: "bottom", align: "start", labels: { color: ink, usePointStyle: true, generateLabels: swatches, filter: (item, all) => !all.datasets[item.datasetIndex].isBand } },
          tooltip: { filter: (item) => !item.dataset.isBand, callbacks: { label: (item) => ` ${item.dataset.label}: ${unit(item.formattedValue)}` } },
        },
      },
    });
  }
  const mountAll = (root = document) => {
    if (!window.Chart) return;
    window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    window.Chart.defaults.font.size = 13;
    for (const canvas of $$("canvas[data-chart]", root)) mount(canvas);
  };
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => mountAll());
  window.addEventListener("beforeprint", () => { for (const canvas of $$("canvas[data-chart]")) window.Chart?.getChart(canvas)?.resize(); });

  const ready = (root) => {
    for (const one of $$(".toasts .toast", root)) arm(one);
    mountAll(root);
    tick();
  };
  document.addEventListener("htmx:load", (event) => ready(event.detail.elt));
  document.addEventListener("htmx:oobAfterSwap", () => { for (const one of $$(".toasts .toast")) arm(one); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => ready(document));
  else ready(document);
})();
