"""The derived, disposable index: `base` is the contract, `sqlite` the embedded one."""
