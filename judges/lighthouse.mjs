// Reads what to judge as JSON on the standard input, and writes one line of JSON per run: page, scores in percent, what
// cost points. Lighthouse's own mobile preset: a telephone with a slow processor on a slow line, simulated.
import { text } from "node:stream/consumers";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const { chrome, flags, pages } = JSON.parse(await text(process.stdin));
const browser = await launch({ chromePath: chrome, chromeFlags: ["--headless=new", ...flags], logLevel: "error" });
try {
  for (const page of pages) {
    const { lhr } = await lighthouse(page.url, {
      port: browser.port,
      logLevel: "error",
      onlyCategories: page.categories,
      skipAudits: page.skip,
      extraHeaders: page.cookie ? { Cookie: page.cookie } : {},
      ignoreStatusCode: true,
    });
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
    console.log(JSON.stringify({ name: page.name, scores, faults, error: lhr.runtimeError?.message }));
  }
} finally {
  await browser.kill();
}
