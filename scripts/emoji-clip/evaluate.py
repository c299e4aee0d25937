"""Measures a model folder: `python scripts/emoji-clip/evaluate.py DATA models/emoji-clip [--json FILE]`.

DATA is what render.mjs drew. Every picture of the demo is read from its file, resized as CLIPImageProcessor does
(Pillow, bicubic) and encoded by the folder's exported graphs with onnxruntime. An answer counts as right only if it is
the very emoji that was asked for, although other emoji may fit a description too.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

import bpe
from captions import Catalogue, hold_out, load_emoji, words_of
from pictures import load_picture, normalise

# Tags that fit at most this many emoji are answered by ten pictures even by a model that reads one tag only.
SHOWN = 10
EXAMPLES = ["a dog and a cat", "a dog", "a slice of pizza", "a sad face", "flag of japan", "something to drink", "winter"]


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Model:
    def __init__(self, folder, suffix):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        onnx = Path(folder) / "onnx"
        self.text = onnxruntime.InferenceSession(onnx / f"text_model{suffix}.onnx", options)
        self.vision = onnxruntime.InferenceSession(onnx / f"vision_model{suffix}.onnx", options)
        self.tokenizer = bpe.load_tokenizer(folder)

    def encode_text(self, text):
        ids = self.tokenizer.encode(text).ids
        ids = np.array([ids if len(ids) <= 77 else [*ids[:76], ids[-1]]], np.int64)
        return self.text.run(None, {"input_ids": ids})[0][0]

    def encode_texts(self, texts):
        return unit(np.stack([self.encode_text(text) for text in texts]))

    def encode_pictures(self, pixels):
        parts = [pixels[i : i + 32] for i in range(0, len(pixels), 32)]
        return unit(np.concatenate([self.vision.run(None, {"pixel_values": normalise(p)})[0] for p in parts]))


def rank(queries, pictures, answers):
    """How many pictures come before the right one: int [queries]."""
    similar = queries @ pictures.T
    return (similar > similar[np.arange(len(queries)), answers][:, None]).sum(1)


def recall(ranks, k):
    return round(float((ranks < k).mean()), 4)


def show_progress(done, of, what):
    sys.stderr.write(f"\r{done} of {of} {what}" + ("\n" if done == of else ""))


def read_pictures(data, emoji, which):
    pixels = np.empty((len(emoji), 224, 224, 3), np.uint8)
    for n, e in enumerate(emoji):
        pixels[n] = load_picture(Path(data) / e[which])
        if n % 100 == 99 or n + 1 == len(emoji):
            show_progress(n + 1, len(emoji), f"files read ({which})")
    return pixels


def measure(model, emoji, pictures, others):
    catalogue = Catalogue(emoji)
    held = hold_out(catalogue)
    shown = model.encode_pictures(pictures)
    names = rank(model.encode_texts([e["caption"] for e in emoji]), shown, np.arange(len(emoji)))
    answers = np.array([i for i, _, _ in held])
    ranks = np.stack(
        [
            rank(model.encode_texts([pattern.format(a, b) for _, a, b in held]), shown, answers)
            for pattern in ("{0} {1}", "{1}, {0}")
        ]
    )
    common = np.array([min(len(catalogue.fits[a]), len(catalogue.fits[b])) > SHOWN for _, a, b in held])
    same = rank(model.encode_pictures(others), shown, np.arange(len(emoji)))
    mixed = np.argsort(-(model.encode_texts(["a dog and a cat"]) @ shown.T)[0])[:SHOWN]
    kinds = [{w for w in ("dog", "cat") if is_a(catalogue, w, i)} for i in mixed]
    return {
        "names": {"queries": len(emoji), "recall@1": recall(names, 1), "recall@10": recall(names, 10)},
        "heldOut": {"queries": len(held), "recall@1": recall(ranks[0], 1), "recall@10": recall(ranks[0], 10)},
        "heldOutOtherOrder": {"queries": len(held), "recall@10": recall(ranks[1], 10)},
        "heldOutNeitherTagRare": {"queries": int(common.sum()), "recall@10": recall(ranks[0][common], 10)},
        "otherPicture": {"queries": len(emoji), "recall@1": recall(same, 1)},
        "dogAndCat": {
            "top10": [emoji[i]["caption"] for i in mixed],
            "dogs": sum("dog" in k for k in kinds),
            "cats": sum("cat" in k for k in kinds),
        },
        "examples": {
            text: [emoji[i]["caption"] for i in np.argsort(-(model.encode_texts([text]) @ shown.T)[0])[:SHOWN]]
            for text in EXAMPLES
        },
    }


def is_a(catalogue, word, i):
    return any(word in words_of(text) for text in [*catalogue.names[i], *catalogue.tags[i]])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("folder")
    parser.add_argument("--json", help="also write the figures here")
    options = parser.parse_args()
    emoji = load_emoji(options.data)
    pictures, others = (read_pictures(options.data, emoji, which) for which in ("picture", "other"))
    figures = {}
    for suffix in ("", "_int8"):
        figures[suffix.lstrip("_") or "fp32"] = measure(Model(options.folder, suffix), emoji, pictures, others)
    text = json.dumps(figures, indent=2, ensure_ascii=False)
    print(text)
    if options.json:
        Path(options.json).write_text(text + "\n")


if __name__ == "__main__":
    main()
