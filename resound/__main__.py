"""`python -m resound`, the same as the `resound` command."""

from resound.cli import main

main()
