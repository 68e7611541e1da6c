// The browser's part of a proof of work: find the number behind the salt whose SHA-256 is the
// challenge. It begins when the form is first touched, and a form that is sent earlier waits.
"use strict";
(() => {
  const hex = (bytes) =>
    [...new Uint8Array(bytes)].map((one) => one.toString(16).padStart(2, "0")).join("");

  async function solve(told) {
    const encoder = new TextEncoder();
    for (let number = 0; number <= told.maxnumber; number += 1) {
      const found = await crypto.subtle.digest(told.algorithm, encoder.encode(told.salt + number));
      if (hex(found) === told.challenge) return number;
    }
    throw new Error("there is no answer");
  }

  async function prove(field) {
    const told = await (await fetch(field.dataset.challenge)).json();
    const { algorithm, challenge, salt, signature } = told;
    const number = await solve(told);
    field.value = btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
  }

  for (const field of document.querySelectorAll("input[data-challenge]")) {
    const { form } = field;
    let proving = null;
    const begin = () => {
      proving ??= prove(field).catch(() => {
        proving = null; // the next press tries again
      });
      return proving;
    };
    form.addEventListener("focusin", begin, { once: true });
    form.addEventListener("submit", async (event) => {
      if (field.value) return;
      event.preventDefault();
      await begin();
      if (field.value) form.requestSubmit(event.submitter);
    });
  }
})();
