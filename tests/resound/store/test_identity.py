"""A store's identity: one for ever, whoever asks first; another one in every other store."""

import threading

from resound.store import Store, open_store
from resound.store.identity import forget_identity, identify_store


def test_it_is_made_once_and_stays(store: Store, store_address: str) -> None:
    first = identify_store(store)
    again = open_store(store_address)
    assert len(first) == 32
    assert identify_store(again) == identify_store(store) == first
    again.close()


def test_several_that_ask_first_hear_the_same(store: Store) -> None:
    said: list[str] = []
    threads = [threading.Thread(target=lambda: said.append(identify_store(store))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(said), len(set(said))) == (4, 1)


def test_forgotten_it_is_another_one(store: Store) -> None:
    first = identify_store(store)
    with store.write() as connection:
        forget_identity(connection)
    assert identify_store(store) != first
