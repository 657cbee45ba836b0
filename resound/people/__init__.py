"""Who may do what, and who somebody is.

1. `roles` says what each role may, `sight` what somebody with a role for single campaigns may see; `accounts` looks after people, their links and keys.
2. `signing_in` finds out who somebody is (`passwords`, `openid`, `tokens`), `throttling` how long a guesser waits.
"""
