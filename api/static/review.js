// The keys of the review queue. What a key does stands in the page: it presses the button, follows the link or goes to
// the field that carries it as `data-key`. Keys rest in fields, with Ctrl, Alt or Meta, and where somebody switched them
// off (WCAG 2.1.4).
"use strict";

(() => {
  const KEPT = "resound-review-keys";
  const BASIS = "resound-review-basis";
  let isLeaving = false;

  const remember = (name, value) => {
    try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing: the default holds */ }
  };
  const recall = (name) => {
    try { return localStorage.getItem(name); } catch { return null; }
  };
  const areOn = () => recall(KEPT) !== "off";
  const show = () => document.documentElement.classList.toggle("with-keys", areOn());

  const isTyping = (event) =>
    event.isComposing || event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isLeaving || !areOn() || isTyping(event)) return;
    const key = event.key.toLowerCase();
    const target = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) {
      target.scrollIntoView({ block: "center" });
      target.focus();
    } else {
      target.click();
      if (target.matches("summary")) target.focus();
    }
  });

  // One decision for one key, also where the answer takes its time.
  document.addEventListener("submit", () => { isLeaving = true; });
  addEventListener("pageshow", () => { isLeaving = false; });

  // A coder who reads one language in the original and another in translation need not say so each time.
  const prepareBasis = () => {
    for (const form of document.querySelectorAll(".coding-form[data-language]")) {
      const name = `${BASIS}-${form.dataset.language}`;
      const kept = form.querySelector(`input[name="basis"][value="${recall(name) === "translation" ? "translation" : "original"}"]`);
      if (kept && recall(name)) kept.checked = true;
      form.addEventListener("change", (event) => {
        if (event.target.name === "basis") remember(name, event.target.value);
      });
    }
  };

  const prepareSwitch = () => {
    const box = document.querySelector("[data-keys-on]");
    if (!box) return;
    box.checked = areOn();
    box.addEventListener("change", () => {
      remember(KEPT, box.checked ? "on" : "off");
      show();
    });
  };

  show();
  prepareBasis();
  prepareSwitch();
})();
