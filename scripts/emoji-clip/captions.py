"""Captions for training, what each of them fits, and the descriptions that are kept out of training.

The hold-out rule. For each emoji with at least three tags, one pair of its tags is kept for the evaluation (chosen by
a hash of its name) so that
  - at most three emoji have both tags (the emoji it is held out for counts as the only right answer),
  - no emoji's name and no single tag holds all words of the pair.
A caption that holds all words of any held-out pair, in any order, beside any other words, never occurs in training:
`Captions` throws it away. Each tag of a pair alone, and in pairs with others, does occur.
"""

import hashlib
import json
import re
import unicodedata
from itertools import combinations
from pathlib import Path

WORD = re.compile(r"[^\W_]+")
COLOURS = ["red", "blue", "green", "yellow", "grey", "white", "black", "pink", "purple", "orange", "brown"]
PLAIN = ["{}", "{}", "{}", "a {}", "the {}", "{} emoji"]
FRAMED = [
    "a photo of a {}",
    "a picture of a {}",
    "an image of a {}",
    "a photo of {}",
    "a drawing of a {}",
    "a small {}",
    "a big {}",
    "an emoji of a {}",
    "a {} on a {{}} background",
    "{} on {{}}",
    "this is a {}",
]
JOINS = ["a {} and a {}", "a {} and a {}", "{} and {}", "a {} with a {}", "a {} next to a {}", "{} and a {}", "a photo of a {} and a {}"]
TRIPLES = ["a {}, a {} and a {}", "{}, {} and {}", "a {}, a {}, a {}"]


def words_of(text):
    return frozenset(WORD.findall(text.lower()))


def load_emoji(data):
    return json.loads((Path(data) / "emoji.json").read_text())["emoji"]


def name_forms(label):
    """The ways in which captions spell a name: `flag: Peru` is also `flag of peru` and `peru flag`."""
    label = label.lower()
    forms = [label]
    if ": " in label:
        head, tail = label.split(": ", 1)
        forms.append(f"{head} {tail}")
        if head == "flag":
            forms += [f"flag of {tail}", f"the flag of {tail}", f"{tail} flag"]
    # What a keyboard types: no curly apostrophes, no accents.
    typed = [unicodedata.normalize("NFKD", f.replace("’", "'")).encode("ascii", "ignore").decode() for f in forms]
    return forms + [t for t in typed if t not in forms and t.strip()]


class Catalogue:
    """What each emoji is called, and which emoji a tag or a name fits."""

    def __init__(self, emoji):
        self.names = [name_forms(e["caption"]) for e in emoji]
        self.tags = [sorted({t.lower() for t in e["tags"]}) for e in emoji]
        fits = {}
        for i, e in enumerate(emoji):
            label = e["caption"].lower()
            for concept in {label, *self.tags[i], *words_of(label)}:
                fits.setdefault(concept, set()).add(i)
        self.fits = fits


def hold_out(catalogue):
    """The held-out descriptions: a list of (emoji's id, first tag, second tag)."""
    whole = [words_of(form) for forms in catalogue.names for form in forms]
    whole += [words_of(t) for tags in catalogue.tags for t in tags]
    holding = {}
    for text in set(whole):
        for word in text:
            holding.setdefault(word, []).append(text)
    taken, held = set(), []
    for i, tags in enumerate(catalogue.tags):
        if len(tags) < 3:
            continue
        fitting = []
        for a, b in combinations(tags, 2):
            words = words_of(a) | words_of(b)
            if not words_of(a) or not words_of(b) or words_of(a) & words_of(b) or words in taken:
                continue
            if len(catalogue.fits[a] & catalogue.fits[b]) > 3:
                continue
            if any(words <= text for text in holding[min(words, key=lambda w: len(holding[w]))]):
                continue
            fitting.append((a, b))
        if fitting:
            key = catalogue.names[i][0]
            a, b = min(fitting, key=lambda p: hashlib.sha256(f"{key}|{p[0]}|{p[1]}".encode()).digest())
            taken.add(words_of(a) | words_of(b))
            held.append((i, a, b))
    return held


class Captions:
    """Draws captions with what they fit: a text, and shares of emoji that sum to one.

    `mixed` is the share of captions that name two or three emoji.
    """

    def __init__(self, catalogue, mixed=0.12):
        self.catalogue = catalogue
        self.mixed = mixed
        self.count = len(catalogue.names)
        self.forbidden = {}
        for _, a, b in hold_out(catalogue):
            words = words_of(a) | words_of(b)
            self.forbidden.setdefault(max(words, key=lambda w: (len(w), w)), []).append(words)

    def is_held_out(self, text):
        words = words_of(text)
        return any(pair <= words for word in words for pair in self.forbidden.get(word, ()))

    def draw(self, rng, i):
        for _ in range(20):
            text, shares = self._draw(rng, i)
            if not self.is_held_out(text):
                return text, shares
        return self.catalogue.names[i][0], self._name_shares(i)

    def _fits(self, concepts):
        found = set.intersection(*(self.catalogue.fits[c] for c in concepts))
        return {j: 1 / len(found) for j in found}

    def _name_shares(self, i):
        shares = {j: 0.3 * s for j, s in self._fits([self.catalogue.names[i][0]]).items()}
        shares[i] = shares.get(i, 0) + 0.7
        return shares

    def _pick(self, rng, items):
        return items[int(rng.integers(len(items)))]

    def _part(self, rng, i):
        """A name, or a tag that is not too common, as a part of a longer caption."""
        common = [t for t in self.catalogue.tags[i] if len(self.catalogue.fits[t]) <= 20]
        if common and rng.random() < 0.45:
            tag = self._pick(rng, common)
            return tag, self._fits([tag])
        return self._pick(rng, self.catalogue.names[i]), self._name_shares(i)

    def _draw(self, rng, i):
        tags = self.catalogue.tags[i]
        if rng.random() < self.mixed:
            several = [i, *(int(j) for j in rng.integers(self.count, size=2 if rng.random() < 0.25 else 1))]
            parts = [self._part(rng, j) for j in several]
            text = self._pick(rng, JOINS if len(parts) == 2 else TRIPLES).format(*(p[0] for p in parts))
            shares = {}
            for _, part in parts:
                for j, s in part.items():
                    shares[j] = shares.get(j, 0) + s / len(parts)
            return text, shares
        kind = 0.12 + 0.88 * rng.random()
        if kind < 0.45 or not tags:
            name = self._pick(rng, self.catalogue.names[i])
            template = self._pick(rng, PLAIN if rng.random() < 0.7 else FRAMED)
            return template.format(name).format(self._pick(rng, COLOURS)), self._name_shares(i)
        if kind < 0.62 or len(tags) == 1:
            tag = self._pick(rng, tags)
            return self._pick(rng, PLAIN).format(tag), self._fits([tag])
        if kind < 0.7:
            parts = [self._pick(rng, self.catalogue.names[i]), self._pick(rng, tags)]
            parts = parts if rng.random() < 0.5 else parts[::-1]
            return self._pick(rng, ["{} {}", "{}, {}"]).format(*parts), self._name_shares(i)
        size = 2 if kind < 0.92 else min(len(tags), int(rng.integers(3, 8)))
        chosen = [tags[j] for j in rng.permutation(len(tags))[:size]]
        return (" " if rng.random() < 0.6 else ", ").join(chosen), self._fits(chosen)


def vocabulary_texts(catalogue):
    """What the tokenizer learns from: each name and each tag as often as emoji have it."""
    return [form for forms in catalogue.names for form in forms] + [t for tags in catalogue.tags for t in tags] + [
        t.replace("{}", "") for t in (PLAIN + FRAMED + JOINS + TRIPLES) * 20
    ] + COLOURS * 10
