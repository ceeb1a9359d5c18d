// The list of ranks: "Rang N" and "Supprimer" open in a dialog, and the focus stays where it was after a move.
// htmx asks for the pages; without this file, or when something fails, each of them is a page of its own.

const dialog = document.getElementById("dialogue-choix");
const content = document.getElementById("dialogue-contenu");
let listIsOld = false;

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === content) {
    showDialog(event.detail.requestConfig);
  } else {
    stayOnChoice(event.detail.requestConfig.triggeringEvent?.submitter);
  }
});

function showDialog(request) {
  listIsOld ||= request.verb === "post";
  window.dsfr(dialog).modal.disclose();
  content.querySelector("#erreurs")?.focus();
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
    if (source instanceof HTMLFormElement) source.submit();
    else if (source.href) window.location.assign(source.href);
  });
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("#dialogue-choix [data-dialog-close]")) return;
  event.preventDefault();
  window.dsfr(dialog).modal.conceal();
});

dialog?.addEventListener("dsfr.conceal", () => {
  if (listIsOld) window.location.reload();
});

// Leaving the site with a draft that would not count: the browser asks. Within the service nothing is lost by leaving.
window.addEventListener("beforeunload", (event) => {
  const isLeavingSite = !document.activeElement?.closest("a[href^='/'], form");
  if (isLeavingSite && document.querySelector("[data-unvalidated]")) event.preventDefault();
});
