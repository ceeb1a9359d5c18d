// The council's page: each line is kept as it is typed, and what others enter appears. htmx asks and puts the answers
// in place; here stands when a line is kept, what is said when it could not be, and that nothing typed is ever replaced.
// Without this file each line has a button of its own.

const TYPING_ENDS_AFTER = 1200;

const list = document.querySelector("[data-council]");
const alert = document.getElementById("alerte");
const words = list?.dataset ?? {}; // in the language of the page

// --- What each line is doing: how many changes it had, and how many are kept -----------------------------------------

const states = new WeakMap();

function stateOf(form) {
  if (!states.has(form)) states.set(form, { changes: 0, kept: 0, sending: 0, timer: 0, hasFailed: false });
  return states.get(form);
}

function isUnkept(form) {
  const state = stateOf(form);
  return state.changes > state.kept || state.sending > 0 || state.hasFailed;
}

function formsToKeep() {
  return [...document.querySelectorAll("form[data-autosave]")].filter(isUnkept);
}

function say(form, reason) {
  const place = form.querySelector("[role=status]");
  if (!place) return;
  const line = document.createElement("p");
  const tag = document.createElement("span");
  tag.className = "staff-tag is-error";
  tag.textContent = words.unkept;
  line.append(tag, ` ${reason}`);
  place.replaceChildren(line);
}

// --- Keeping ---------------------------------------------------------------------------------------------------------

function keep(form) {
  clearTimeout(stateOf(form).timer);
  window.htmx.trigger(form, "enregistrer");
}

function note(event, wait) {
  const form = event.target.closest("form[data-autosave]");
  if (!form || event.target.closest("[data-manual]")) return;
  const state = stateOf(form);
  state.changes += 1;
  form.classList.add("is-unkept");
  clearTimeout(state.timer);
  state.timer = setTimeout(() => keep(form), wait);
}

list?.addEventListener("input", (event) => note(event, event.target.matches("textarea") ? TYPING_ENDS_AFTER : 0));
list?.addEventListener("change", (event) => {
  if (event.target.matches("textarea")) note(event, 0);
  if (event.target.matches("[type=checkbox]")) sumUp(event.target.closest("details"));
});

function sumUp(details) {
  const names = [...details.querySelectorAll("input:checked")].map((box) => box.parentElement.textContent.trim());
  details.querySelector(".council-recommended__list").textContent = `\u00a0: ${names.join(", ") || words.none}`;
}

document.body.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters } = event.detail;
  if (elt.id === "veille") {
    parameters.connues = [...list.querySelectorAll("[data-token][name=version]")]
      .map((field) => `${field.id.replace("version-", "")}:${field.dataset.token}`)
      .join(",");
  }
  // a page out of sight asks for nothing, so that it does not make the session last
  if (event.detail.verb === "get" && event.detail.triggeringEvent?.type !== "click" && document.hidden) event.preventDefault();
  if (event.detail.verb === "post") {
    parameters.csrfmiddlewaretoken = document.getElementById("jeton").dataset.token;
    if (!elt.matches("[data-autosave]")) return;
    const state = stateOf(elt);
    state.sent = state.changes;
    state.sending += 1;
  }
});

// --- What came back --------------------------------------------------------------------------------------------------

function isOurs(xhr) {
  // a session that ended leads to the page of signing in: that is no answer to what was asked
  return [200, 409, 422].includes(xhr.status) && !new URL(xhr.responseURL).pathname.startsWith("/admin/login");
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (!isOurs(event.detail.xhr)) event.detail.shouldSwap = false;
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, requestConfig } = event.detail;
  const isAnswered = xhr.status > 0 && isOurs(xhr);
  if (elt.id === "veille") {
    alert.hidden = isAnswered;
    if (isAnswered) tryAgain();
  }
  if (requestConfig.verb !== "post" || !elt.matches("[data-autosave]")) return;
  const state = stateOf(elt);
  state.sending -= 1;
  state.hasFailed = !isAnswered;
  if (isAnswered) {
    state.kept = state.sent;
    if (xhr.status === 200 && !isUnkept(elt)) elt.classList.remove("is-unkept");
  } else {
    say(elt, reasonOf(xhr));
    alert.hidden = false;
  }
});

function reasonOf(xhr) {
  if (xhr.status === 0) return words.noNetwork;
  if (xhr.status === 200) return words.signedOut;
  return words.refused;
}

// The watch (every 10 s) was answered: the network and the session are back, and it brought a token of this session.
function tryAgain() {
  for (const form of formsToKeep()) if (stateOf(form).hasFailed && !stateOf(form).sending) keep(form);
}

function watchNow() {
  if (list) window.htmx.trigger("#veille", "veiller");
}

window.addEventListener("online", watchNow);

// --- What others enter -----------------------------------------------------------------------------------------------

document.body.addEventListener("htmx:oobBeforeSwap", (event) => {
  const shown = event.detail.target;
  if (!shown.matches("[data-line]")) return;
  const form = shown.querySelector("form[data-autosave]");
  const isBusy = shown.contains(document.activeElement) || shown.querySelector(".council-conflict") || (form && isUnkept(form));
  if (!isBusy) return;
  event.detail.shouldSwap = false;
  const news = event.detail.fragment.querySelector?.(".council-line__state");
  const place = shown.querySelector("[data-news]");
  if (place && news) {
    place.textContent = `${words.elsewhere} ${news.textContent.replace(/\s+/g, " ").trim()}`;
    place.hidden = false;
  }
});

document.body.addEventListener("htmx:load", (event) => {
  event.detail.elt.querySelector?.("[data-focus]")?.focus();
});

// --- Leaving ---------------------------------------------------------------------------------------------------------

document.addEventListener("visibilitychange", () => {
  if (document.hidden) formsToKeep().filter((form) => !stateOf(form).sending).forEach(keep);
  else watchNow();
});

window.addEventListener("beforeunload", (event) => {
  if (formsToKeep().length || document.querySelector(".council-conflict form")) event.preventDefault();
});

document.documentElement.classList.toggle("is-kept-as-typed", Boolean(list));
document.querySelector("[data-focus]")?.focus();

// --- The projection: the arrows turn the pages -----------------------------------------------------------------------

if (document.body.classList.contains("council-projection")) {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("select, input, textarea")) return;
    const rel = { ArrowRight: "next", PageDown: "next", ArrowLeft: "prev", PageUp: "prev" }[event.key];
    const link = rel && document.querySelector(`a[rel=${rel}]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
}
