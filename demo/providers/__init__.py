"""ÉduConnect and FranceConnect, simulated for the demonstration and the tests: two real OpenID providers, on Authlib.

`python -m demo.providers educonnect --port 8100` starts one; `state` holds what they remember, `openid` the protocol,
`educonnect` and `franceconnect` what is particular to each, `demo/pages/` what people see.
"""
