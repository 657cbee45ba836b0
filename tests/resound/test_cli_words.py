"""Numbers on the command line stand with the right form of what they count."""

from resound.cli.office import counted, four_counts


def test_one_is_not_told_as_many() -> None:
    assert counted(1, "mail is", "mails are") == "1 mail is"
    assert four_counts(1, 1, 1, 1) == "1 item · 1 story · 1 outlet · 1 publisher group"
    assert four_counts(0, 2, 3, 4) == "0 items · 2 stories · 3 outlets · 4 publisher groups"
