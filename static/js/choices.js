// The list of ranks: "Rang N" and "Supprimer" open in a dialog, and the focus stays where it was after a move.
// htmx asks for the pages; without this file, or when something fails, each of them is a page of its own.

const dialog = document.getElementById("dialogue-choix");
const content = document.getElementById("dialogue-contenu");
let listIsOld = false;
let isStaying = false;

document.body.addEventListener("htmx:beforeRequest", () => {
  isStaying = true;
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  isStaying = false;
  if (event.detail.target === content) {
    showDialog(event.detail.requestConfig);
  } else {
    stayOnChoice(event.detail.requestConfig.triggeringEvent?.submitter);
  }
});

function showDialog(request) {
  const isAnswer = request.verb === "post" || content.querySelector("#dialogue-message");
  listIsOld ||= isAnswer;
  window.dsfr(dialog).modal.disclose();
  if (!isAnswer) return;
  content.closest(".fr-modal__body").scrollTop = 0;
  (content.querySelector("#erreurs") ?? content.querySelector("#dialogue-titre")).focus();
}

// After a move the buttons of the list are new: stay on the choice that was moved.
function stayOnChoice(pressed) {
  if (!pressed?.id) return;
  const opposite = pressed.id.startsWith("monter") ? pressed.id.replace("monter", "descendre") : pressed.id.replace("descendre", "monter");
  const same = document.getElementById(pressed.id);
  (same && !same.disabled ? same : document.getElementById(opposite))?.focus();
}

// What the dialog could not do, the plain page does, with what was typed still in the form.
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(failure, (event) => {
    const source = event.detail.elt;
    if (source instanceof HTMLFormElement) submitAsPage(source, event.detail.requestConfig.triggeringEvent?.submitter);
    else if (source.href) window.location.assign(source.href);
  });
}

function submitAsPage(form, pressed) {
  if (pressed?.hasAttribute("formaction")) form.action = pressed.formAction;
  if (pressed?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: pressed.name, value: pressed.value }));
  form.submit();
}

function conceal() {
  window.dsfr(dialog).modal.conceal();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("#dialogue-choix [data-dialog-close]")) return;
  event.preventDefault();
  conceal();
});

// The design system leaves Escape to fields; in this dialog the focus nearly always stands on one.
dialog?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !event.target.matches("input, textarea")) return;
  event.preventDefault();
  conceal();
});

dialog?.addEventListener("dsfr.conceal", () => {
  if (!listIsOld) return;
  isStaying = true;
  window.location.reload();
});

// Leaving the site with a draft that would not count: the browser asks. Within the site nothing is lost by moving on.
for (const [type, selector] of [["submit", "form"], ["click", "a[href^='/']"]]) {
  document.addEventListener(
    type,
    (event) => {
      isStaying ||= Boolean(event.target.closest(selector));
    },
    { capture: true },
  );
}

window.addEventListener("pageshow", () => {
  isStaying = false;
});

window.addEventListener("beforeunload", (event) => {
  if (!isStaying && document.querySelector("[data-unvalidated]")) event.preventDefault();
});
