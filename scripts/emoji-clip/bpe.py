"""A byte-level BPE with CLIP's rules: its vocabulary is learned from the captions and written as the hub's files."""

import json
from collections import Counter
from pathlib import Path

import regex
from tokenizers import Tokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
END_OF_WORD = "</w>"
# The pattern of CLIP's tokenizer.json.
SPLIT = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def byte_characters():
    """The 256 printable stand-ins that GPT-2 and CLIP use for bytes, by byte value."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    characters, spare = {}, 0x100
    for byte in range(256):
        if byte in printable:
            characters[byte] = chr(byte)
        else:
            characters[byte] = chr(spare)
            spare += 1
    return characters


def learn_merges(texts, merges):
    """The most frequent pairs, joined one after the other; of equals the alphabetically first."""
    stand_in = byte_characters()
    counts = Counter(word for text in texts for word in regex.findall(SPLIT, text.lower()))
    words = []
    for word, count in sorted(counts.items()):
        parts = [stand_in[b] for b in word.encode()]
        parts[-1] += END_OF_WORD
        words.append((parts, count))
    learned = []
    for _ in range(merges):
        pairs = Counter()
        for parts, count in words:
            for pair in zip(parts, parts[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        learned.append(best)
        for parts, _ in words:
            i = 0
            while i < len(parts) - 1:
                if (parts[i], parts[i + 1]) == best:
                    parts[i : i + 2] = ["".join(best)]
                i += 1
    return learned


def write_tokenizer(folder, texts, merges):
    folder = Path(folder)
    learned = learn_merges(texts, merges)
    single = [*byte_characters().values()]
    tokens = [*single, *(c + END_OF_WORD for c in single), *("".join(pair) for pair in learned), START, END]
    vocab = {token: i for i, token in enumerate(tokens)}
    assert len(vocab) == len(tokens)
    special = [
        {"id": vocab[t], "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for t in (START, END)
    ]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "NFC"},
                {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
                {"type": "Lowercase"},
            ],
        },
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Removed", "invert": True},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            ],
        },
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": [END, vocab[END]],
            "cls": [START, vocab[START]],
            "trim_offsets": False,
            "add_prefix_space": False,
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": END,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": END_OF_WORD,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": vocab,
            "merges": [" ".join(pair) for pair in learned],
        },
    }
    token = {"__type": "AddedToken", "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    config = {
        "add_prefix_space": False,
        "bos_token": {**token, "content": START},
        "do_lower_case": True,
        "eos_token": {**token, "content": END},
        "errors": "replace",
        "model_max_length": 77,
        "pad_token": END,
        "tokenizer_class": "CLIPTokenizer",
        "unk_token": {**token, "content": END},
    }
    plain = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    special_map = {
        "bos_token": {"content": START, **plain},
        "eos_token": {"content": END, **plain},
        "pad_token": END,
        "unk_token": {"content": END, **plain},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        ("tokenizer.json", tokenizer),
        ("tokenizer_config.json", config),
        ("special_tokens_map.json", special_map),
    ):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return len(tokens)


def load_tokenizer(folder):
    return Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
