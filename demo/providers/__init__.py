"""ÉduConnect, FranceConnect and the agents' provider, simulated for the demonstration and the tests: real OpenID
providers, on Authlib.

`python -m demo.providers educonnect --port 8100` starts one; `state` holds what they remember, `openid` the protocol,
`educonnect`, `franceconnect` and `agents` what is particular to each, `demo/pages/` what people see.
"""
