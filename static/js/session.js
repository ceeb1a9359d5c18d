// Says two minutes before it ends that the session will end, and makes it last when asked.
// Other tabs may have made it last meanwhile: the server is asked before anything is said.

const WARN_BEFORE = 120;
const warning = document.getElementById("fin-de-session");
const soon = warning.querySelector("[data-session-soon]");
const over = warning.querySelector("[data-session-over]");

function waitFor(seconds, act) {
  // a long wait is cut in short ones: a phone that slept wakes up late, and asks at once
  const end = Date.now() + seconds * 1000;
  const timer = setInterval(() => {
    if (Date.now() < end) return;
    clearInterval(timer);
    act();
  }, 1000);
}

async function remaining(options) {
  const answer = await fetch(warning.dataset.url, { redirect: "manual", ...options });
  return answer.ok ? (await answer.json()).remaining : 0;
}

async function check() {
  const left = await remaining().catch(() => null);
  if (left === null) {
    waitFor(30, check); // no network: nothing is known
  } else if (left > WARN_BEFORE) {
    if (warning.open && over.hidden) warning.close();
    waitFor(left - WARN_BEFORE, check);
  } else if (left > 0) {
    if (!warning.open) warning.showModal();
    waitFor(Math.min(left, 20), check);
  } else {
    soon.hidden = true;
    over.hidden = false;
    warning.setAttribute("aria-label", over.querySelector("h2").textContent);
    warning.removeAttribute("aria-labelledby");
    if (!warning.open) warning.showModal();
    over.querySelector("a").focus();
  }
}

warning.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const left = await remaining({ method: "POST", body: new FormData(event.target) }).catch(() => null);
  if (left === null || left === 0) return check();
  warning.close();
  waitFor(left - WARN_BEFORE, check);
});

waitFor(warning.dataset.remaining - WARN_BEFORE, check);
