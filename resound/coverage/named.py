"""What the values of counted items are called, in texts that are translated later: one list for pages and reports."""

from __future__ import annotations

from collections.abc import Mapping

from resound.texts import N_

MEDIA: Mapping[str, str] = {
    "online": N_("online"),
    "print": N_("print"),
    "tv": N_("television"),
    "radio": N_("radio"),
    "agency": N_("news agency"),
}
ORIGINS: Mapping[str, str] = {
    "original": N_("original reporting"),
    "agency-pick-up": N_("agency pick-up"),
    "release-verbatim": N_("release, word for word"),
    "owned": N_("owned or partner"),
    "paid": N_("paid for"),
}
ORIGIN_NOT_CODED = N_("not coded yet, taken as earned")
TONES: Mapping[str, str] = {
    "positive": N_("positive"),
    "neutral": N_("neutral"),
    "negative": N_("negative"),
}
PROMINENCES: Mapping[str, str] = {
    "headline": N_("headline"),
    "lead": N_("lead"),
    "body": N_("body text"),
    "caption": N_("caption"),
}
NOT_NAMED = N_("not named")
STANDINGS: Mapping[str, str] = {
    "counted": N_("Counted"),
    "unreviewed": N_("Not reviewed yet"),
    "rejected": N_("Rejected"),
    "owned": N_("Owned or partner"),
    "paid": N_("Paid for"),
    "release-verbatim": N_("Release, word for word"),
    "provisional": N_("Outlet not known yet"),
    "outside-window": N_("Outside the dates"),
    "waits-for-date": N_("Date not certain"),
    "not-matched": N_("Does not match"),
    "no-longer-matching": N_("Counted, no longer matches"),
}
