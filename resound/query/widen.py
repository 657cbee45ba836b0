"""A query made wider: everything that the first finds the second finds, and more where that is cheaper to ask."""

from __future__ import annotations

from resound.query.tree import And, Node, Not, Or, all_of, any_of


def widen(node: Node) -> Node | None:
    """The tree without what it excludes; None where nothing is left to look for (it may hold for any document).

    What a document must hold stands in its original text: an index that knows a translation besides finds it, too.
    """
    match node:
        case Not():
            return None
        case And(children):
            kept = [wide for child in children if (wide := widen(child)) is not None]
            return all_of(kept) if kept else None
        case Or(children):
            found = [widen(child) for child in children]
            return None if None in found else any_of([one for one in found if one is not None])
        case _:
            return node
