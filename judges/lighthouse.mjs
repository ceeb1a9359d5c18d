// Reads what to judge as JSON on the standard input, and writes one line of JSON per run: page, scores in percent, what
// cost points. Lighthouse's own mobile preset: a telephone with a slow processor on a slow line, simulated.
import { text } from "node:stream/consumers";
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";

const TRIES = 3;
const { chrome, flags, pages } = JSON.parse(await text(process.stdin));
const browser = await puppeteer.launch({ executablePath: chrome, args: flags, headless: true });
try {
  for (const page of pages) console.log(JSON.stringify({ name: page.name, ...(await seen(page)) }));
} finally {
  await browser.close();
}

// Lighthouse itself may stumble on a busy machine, and not see a page at all: it looks again.
async function seen(page) {
  for (let attempt = 1; ; attempt++) {
    const run = await judge(page).catch((failure) => ({ scores: {}, faults: [], error: failure.message }));
    if (!run.error || attempt === TRIES) return run;
  }
}

// Each page in a browser of its own, with nothing in its cache but the cookies of who opens it.
async function judge({ url, cookies, categories, skip }) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    if (cookies.length) await page.setCookie(...cookies);
    const options = {
      onlyCategories: categories,
      skipAudits: skip,
      disableStorageReset: true,
      disableFullPageScreenshot: true,
      ignoreStatusCode: true,
      logLevel: "error",
    };
    const { lhr } = await lighthouse(url, options, undefined, page);
    const error = lhr.runtimeError?.message ?? (lhr.finalDisplayedUrl === url ? undefined : `led to ${lhr.finalDisplayedUrl}`);
    return { ...summary(lhr), error };
  } finally {
    await context.close();
  }
}

function summary(lhr) {
  const scores = {}, faults = [];
  for (const [name, category] of Object.entries(lhr.categories)) {
    scores[name] = category.score === null ? null : Math.round(category.score * 100);
    for (const { id, weight } of category.auditRefs) {
      const { score, title, details } = lhr.audits[id];
      if (!weight || score === null || score >= 0.9) continue;
      const first = details?.items?.[0]?.node?.snippet ?? details?.items?.[0]?.description ?? "";
      faults.push(`${name}: ${title} ${first}`.trim());
    }
  }
  return { scores, faults };
}
