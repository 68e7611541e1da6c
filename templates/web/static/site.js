// What only a reader's own browser knows. Every page works without it.
(function () {
  "use strict";

  // A new reader's time zone, where they have not chosen one.
  function guessTimeZone() {
    var field = document.querySelector("input[data-guess]");
    var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!field || !zone || field.value !== "UTC") return;
    var isOffered = [].some.call(field.list.options, function (one) { return one.value === zone; });
    if (!isOffered) return;
    field.value = zone;
    showRhythm(field.form);
  }

  // The line that stands for the folded "When".
  function showRhythm(form) {
    var line = form && form.querySelector("[data-rhythm]");
    if (!line) return;
    var chosen = function (name) {
      var field = form.elements[name];
      return field.options ? field.options[field.selectedIndex].text.trim() : field.value.trim();
    };
    var days = form.elements.cadence.value === "weekly"
      ? "Every " + chosen("weekday") : chosen("cadence");
    line.textContent = days + " at " + chosen("hour") + ", " + chosen("time_zone").replace(/_/g, " ");
  }

  // A field is marked as wrong, or not any more, as soon as its filter was tried.
  function markField(event) {
    var place = event.detail.target;
    if (!place || !place.id || place.id.slice(-5) !== "-live") return;
    var field = document.getElementById(place.id.slice(0, -5));
    if (!field) return;
    if (place.querySelector(".problem")) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }

  // What a field that offers zones holds would hide all others: typing replaces it.
  document.addEventListener("focusin", function (event) {
    if (event.target.list) event.target.select();
  });
  document.addEventListener("htmx:afterSwap", markField);
  document.addEventListener("change", function (event) {
    if (event.target.form) showRhythm(event.target.form);
  });
  guessTimeZone();
})();
