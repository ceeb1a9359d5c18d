"""The school's staff: how they get in (password, second factor, the agents' provider), and who makes them members.

`passwords` and `second_factor` are the two steps of the sign-in, `recovery_codes` how those codes are kept, `agents`
what the ministry's provider says of somebody, `members` what a head does about the staff of a school; `errors` says
each refusal in French.
"""
