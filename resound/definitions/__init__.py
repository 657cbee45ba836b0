"""Sources and campaigns as people write them: read, checked, changed, compared, applied.

1. `written` is YAML in and out, `errors` the sentences for what is wrong with a file.
2. `form`, `campaign_form` and `source_form` are the same as fields, for people who do not write YAML.
3. `changes` tells two versions apart, `previewing` says what a changed campaign would add and lose.
4. `editing` saves a version on top of the one it was made from; `applying` is what follows from it.
"""
