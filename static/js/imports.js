// An import that is under way: htmx asks for its page every two seconds. What is new is said once, and a page that is
// no longer this one (the session ended) is shown as what it is.

const announcement = document.getElementById("import-annonce");

document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.serverResponse.includes('id="import-annonce"')) return;
  event.detail.shouldSwap = false;
  window.location.reload();
});

document.body.addEventListener("htmx:afterSwap", () => {
  const status = document.querySelector("#import [data-status]").textContent.trim();
  if (announcement.textContent !== status) announcement.textContent = status;
});
