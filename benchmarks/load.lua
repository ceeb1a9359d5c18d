-- wrk's side: sends the requests of a file in their order, again and again.
-- A line: method, path, cookies, address of the browser, body; tabs between.
local requests, sent = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local method, path, cookies, address, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = {
      ["Cookie"] = cookies, ["Host"] = os.getenv("BENCH_HOST"), ["Origin"] = os.getenv("BENCH_ORIGIN"),
      ["X-Forwarded-Proto"] = "https", ["X-Forwarded-For"] = address, ["Accept-Encoding"] = "identity",
    }
    if method == "POST" then headers["Content-Type"] = "application/x-www-form-urlencoded" end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("BENCH %d %d %d\n", summary.requests, errors.status + errors.timeout, latency:percentile(50)))
end
