// The consent box of a shop's checkout. One tag, where the box shall stand:
//   <script src="https://cx.example.com/static/js/consent.js" data-shop="web-shop" async></script>
// data-language (else the page's), data-form and data-email (selectors; else the form around the tag, and its e-mail
// field), data-target (a selector; else the place of the tag), data-preview (shows, and sends nothing).
// No box is ticked by itself. What is ticked is sent when the form is submitted, or by cxportalConsent.send(address).
(() => {
  "use strict";
  const tag = document.currentScript;
  if (!tag || !tag.dataset.shop) return;
  const base = tag.src.split("/static/")[0];
  const shop = `${base}/checkout/${encodeURIComponent(tag.dataset.shop)}/`;
  const language = tag.dataset.language || document.documentElement.lang || "";
  const one = (selector) => (selector ? document.querySelector(selector) : null);
  let sent = "";

  const form = () => one(tag.dataset.form) || tag.closest("form");
  const field = () => one(tag.dataset.email) || form()?.querySelector("input[type=email], input[name=email]");

  function draw(boxes) {
    if (!boxes.length) return;
    const group = document.createElement("fieldset");
    group.className = "cxportal-consent";
    for (const box of boxes) {
      const label = document.createElement("label");
      label.lang = box.language;
      const tick = Object.assign(document.createElement("input"), { type: "checkbox", value: box.wording });
      tick.dataset.cxportalConsent = box.purpose;
      const words = document.createElement("span");
      words.textContent = ` ${box.text}`;
      label.append(tick, words);
      const line = document.createElement("p");
      line.append(label);
      group.append(line);
    }
    const target = one(tag.dataset.target);
    if (target) target.append(group);
    else tag.before(group);
  }

  function send(address) {
    const email = (address || field()?.value || "").trim();
    const agreed = [...document.querySelectorAll("input[data-cxportal-consent]:checked")].map((tick) => tick.value);
    const body = new URLSearchParams({ email });
    for (const wording of agreed) body.append("agreed", wording);
    if ("preview" in tag.dataset || !email || !agreed.length || body.toString() === sent) return Promise.resolve(false);
    sent = body.toString();
    // keepalive: the checkout may leave the page at once. A failure never holds up an order.
    return fetch(shop, { method: "POST", body, keepalive: true, credentials: "omit", headers: { Accept: "application/json" } })
      .then((answer) => answer.ok || Promise.reject(answer.status))
      .catch(() => { sent = ""; return false; });
  }

  function start() {
    fetch(`${shop}boxes.json?${new URLSearchParams({ language })}`, { credentials: "omit" })
      .then((answer) => (answer.ok ? answer.json() : { boxes: [] }))
      .then((answer) => draw(answer.boxes))
      .catch(() => {});
    form()?.addEventListener("submit", () => { send(); });
  }

  window.cxportalConsent = { send };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
