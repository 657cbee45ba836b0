"""Teaching small models: translators, a classifier, and vectors of sentences. On a CPU, seeded. Needs torch."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from demo.making import PairBatch

Report = Callable[[float], None]
"""Told how much of the teaching is done, 0 … 1."""


def train_translator(
    model: Any,
    encode: Callable[[Sequence[str], Sequence[str]], Any],
    pairs: PairBatch,
    *,
    epochs: int,
    batch: int = 32,
    rate: float = 2e-3,
    seed: int = 0,
    until: float = 0.004,
    report: Report | None = None,
) -> float:
    """Teach pairs until an epoch's mean loss is below `until`. Returns the last epoch's loss.

    The model is taught with weights and inputs rounded to 8 bits, as the fast engine will run it: so small a model
    would else say something different there in one sentence of four.

    Args:
        encode: (sources, targets) → the model's inputs with labels, padded.
    """
    import torch

    torch.manual_seed(seed)
    shuffle = torch.Generator().manual_seed(seed)
    order = sorted(range(len(pairs)), key=lambda at: len(pairs[at][0]))
    batches = [order[start : start + batch] for start in range(0, len(order), batch)]
    step = _optimise(model, rate, steps=epochs * len(batches))
    inputs = [encode([pairs[at][0] for at in one], [pairs[at][1] for at in one]) for one in batches]
    pad = model.config.pad_token_id
    model.train()
    round_to_bytes(model)
    loss_of_epoch = 0.0
    for epoch in range(epochs):
        total = 0.0
        for at in torch.randperm(len(batches), generator=shuffle).tolist():
            loss = model(**inputs[at]).loss
            step(loss)
            with torch.no_grad():
                # CTranslate2 begins from zeros, and a tied output layer would train this row.
                model.get_input_embeddings().weight[pad].zero_()
            total += float(loss.detach())
        loss_of_epoch = total / len(batches)
        if report is not None:
            report((epoch + 1) / epochs)
        if loss_of_epoch < until:
            break
    for module in model.modules():
        module.__dict__.pop("forward", None)
    model.eval()
    return loss_of_epoch


def round_to_bytes(model: Any) -> None:
    """Have every matrix of a model work with 8 bits a row (straight-through gradients, Bengio 2013)."""
    from functools import partial

    import torch
    from torch.nn.functional import embedding, linear

    def rounded(values: Any) -> Any:
        scale = values.detach().abs().amax(-1, keepdim=True).clamp(min=1e-8) / 127
        return values + ((values / scale).round() * scale - values).detach()

    def multiply(module: Any, inputs: Any) -> Any:
        return linear(rounded(inputs), rounded(module.weight), module.bias)

    def look_up(module: Any, ids: Any) -> Any:
        return rounded(embedding(ids, module.weight, module.padding_idx))

    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            module.forward = partial(multiply, module)  # type: ignore[method-assign]
        elif type(module) is torch.nn.Embedding:
            module.forward = partial(look_up, module)  # type: ignore[method-assign]


def train_classifier(
    model: Any,
    tokenizer: Any,
    lines: Sequence[tuple[str, int]],
    *,
    epochs: int,
    batch: int = 32,
    rate: float = 1e-3,
    seed: int = 0,
    report: Report | None = None,
) -> float:
    """Teach (text, label) lines. Returns the last epoch's loss."""
    import torch

    torch.manual_seed(seed)
    chance = random.Random(seed)
    order = list(lines)
    steps = epochs * -(-len(order) // batch)
    step = _optimise(model, rate, steps=steps)
    model.train()
    loss_of_epoch = 0.0
    for epoch in range(epochs):
        chance.shuffle(order)
        total, count = 0.0, 0
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            inputs = _encode(tokenizer, [text for text, _ in part])
            loss = model(**inputs, labels=torch.tensor([label for _, label in part])).loss
            step(loss)
            total, count = total + float(loss.detach()), count + 1
        loss_of_epoch = total / count
        if report is not None:
            report((epoch + 1) / epochs)
    model.eval()
    return loss_of_epoch


@dataclass(frozen=True, slots=True)
class Likenesses:
    """What an embedding model learns.

    `groups`: texts that say the same (translations); `related`: pairs that tell one event in their own words;
    `themes`: the descriptions of each theme; `passages`: (text, places of its themes, or none).
    """

    groups: Sequence[Sequence[str]]
    related: Sequence[tuple[str, str]]
    themes: Sequence[Sequence[str]]
    passages: Sequence[tuple[str, frozenset[int]]]


SAME_TEMPERATURE = 0.07
RELATED = 0.7
ON_THEME, OFF_THEME = 0.65, 0.2
GROUPS_A_STEP, PASSAGES_A_STEP, RELATED_A_STEP = 48, 40, 12


def train_embedder(
    model: Any,
    tokenizer: Any,
    learned: Likenesses,
    *,
    steps: int,
    rate: float = 1.5e-3,
    seed: int = 0,
    report: Report | None = None,
) -> float:
    """Teach vectors (mean pooling, length 1): what says the same lies together, a passage near its themes.

    Contrastive within a batch (InfoNCE, van den Oord 2018) for groups; squared hinges for themes; related pairs are
    drawn to a cosine of 0.7, like but not the same. Returns the mean loss of the last fifty steps.
    """
    import torch
    from torch.nn.functional import cross_entropy, normalize

    torch.manual_seed(seed)
    chance = random.Random(seed)
    step = _optimise(model, rate, steps=steps)

    def vectors(texts: Sequence[str]) -> Any:
        inputs = _encode(tokenizer, texts)
        hidden = model(**inputs)[0]
        mask = inputs["attention_mask"][:, :, None]
        return normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)

    model.train()
    last: list[float] = []
    for number in range(steps):
        pairs = [
            chance.sample(list(group), 2)
            for group in chance.sample(list(learned.groups), min(GROUPS_A_STEP, len(learned.groups)))
        ]
        one, other = vectors([a for a, _ in pairs]), vectors([b for _, b in pairs])
        cosines = one @ other.T / SAME_TEMPERATURE
        same = torch.arange(len(pairs))
        loss = (cross_entropy(cosines, same) + cross_entropy(cosines.T, same)) / 2
        loss = loss + (1 - (one * other).sum(1)).clamp(min=0.08).mean()

        passages = chance.sample(list(learned.passages), min(PASSAGES_A_STEP, len(learned.passages)))
        described = [chance.choice(list(theme)) for theme in learned.themes]
        found = vectors([text for text, _ in passages]) @ vectors(described).T
        wanted = torch.tensor([[at in themes for at in range(len(described))] for _, themes in passages])
        loss = loss + 4 * (ON_THEME - found[wanted]).clamp(min=0).square().sum() / max(1, int(wanted.sum()))
        loss = loss + 4 * (found[~wanted] - OFF_THEME).clamp(min=0).square().mean()

        related = chance.sample(list(learned.related), min(RELATED_A_STEP, len(learned.related)))
        if related:
            near = (vectors([a for a, _ in related]) * vectors([b for _, b in related])).sum(1)
            loss = loss + 2 * (near - RELATED).square().mean()
        step(loss)
        last = [*last[-49:], float(loss.detach())]
        if report is not None:
            report((number + 1) / steps)
    model.eval()
    return sum(last) / len(last)


def _encode(tokenizer: Any, texts: Sequence[str]) -> Any:
    return tokenizer(list(texts), padding=True, truncation=True, max_length=256, return_tensors="pt")


def _optimise(model: Any, rate: float, *, steps: int) -> Callable[[Any], None]:
    """One step of AdamW for a loss, its rate rising for a tenth of the steps and falling after."""
    import torch

    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)

    def step(loss: Any) -> None:
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()

    return step
