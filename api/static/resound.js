// Small comforts; every page works without them.
"use strict";

// htmx sends the form token of the page with every request that changes something.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('input[name="csrf"]');
  if (token && event.detail.verb !== "get") {
    event.detail.headers["X-CSRF-Token"] = token.value;
  }
});

// An answer in words is shown also where it is an error.
document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status >= 400 && event.detail.xhr.getResponseHeader("X-Fragment")) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// A list that sends its form when something is chosen.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches("[data-submit]") && field.form) {
    field.form.requestSubmit();
  }
});
