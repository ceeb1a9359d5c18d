// Reads where the site is as JSON on the standard input, and writes one line of JSON per page: status, grade, score, each
// test. The HTTP Observatory's own retrieval, tests and grades; its `scan` takes no port, and no page but the first.
import { text } from "node:stream/consumers";
import { ALL_TESTS } from "@mdn/mdn-http-observatory/src/constants.js";
import { MINIMUM_SCORE_FOR_EXTRA_CREDIT } from "@mdn/mdn-http-observatory/src/grader/charts.js";
import { getGradeForScore, getScoreDescription, getScoreModifier } from "@mdn/mdn-http-observatory/src/grader/grader.js";
import { retrieve } from "@mdn/mdn-http-observatory/src/retriever/retriever.js";

const { host, httpPort, httpsPort, paths } = JSON.parse(await text(process.stdin));
for (const path of paths) console.log(JSON.stringify({ path, ...(await judge(path)) }));

async function judge(path) {
  const requests = await retrieve(host, { httpPort, httpsPort, path });
  if (!requests.responses.auto) throw new Error(`${path} does not answer`);
  const tests = ALL_TESTS.map((test) => test(requests)).map((output) => ({
    name: output.constructor.name,
    pass: output.pass,
    result: output.result,
    modifier: getScoreModifier(output.result),
    description: getScoreDescription(output.result).replace(/<[^>]+>/g, ""),
  }));
  return { status: requests.responses.auto.status, tests, ...graded(tests.map((test) => test.modifier)) };
}

// as its `scan` does: what is better than asked counts for those only who lack little
function graded(modifiers) {
  const lacking = 100 + modifiers.filter((each) => each < 0).reduce((sum, each) => sum + each, 0);
  const all = 100 + modifiers.reduce((sum, each) => sum + each, 0);
  return getGradeForScore(lacking >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? all : lacking);
}
