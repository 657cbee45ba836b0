"""Clips that people bring: television, radio, print, what stands behind a wall.

1. `table` reads rows out of CSV and XLSX (`template` is an empty one to fill in), `rows` checks them one by one.
2. `files` takes what comes with them, told by its content and kept under its hash; `staging` holds both between preview and import.
3. `importing` puts them into the store, each with its evidence; `placing` says whose they are, `rewording` what a clip
   becomes that comes again or is corrected.
"""
