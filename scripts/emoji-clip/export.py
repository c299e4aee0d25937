"""Writes a trained run as a model folder: `python scripts/emoji-clip/export.py RUN models/emoji-clip`.

The graphs are written node by node, so that they hold what CLIP's forward pass does and nothing else. In the `_int8`
variants every matrix is stored as signed int8 with one scale per output channel (per token in the token table) and
turned back into floats when it is used; the activations stay fp32, so that a row's vector does not depend on the other
rows of its batch. Before it ends, the script compares the graphs with the PyTorch model, alone and in a batch.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from model import CONTEXT, IMAGE_SIDE, PATCH, PROJECTION, Clip, ClipConfig, cut_patches
from pictures import MEAN, STD

OPSET = 17
EPSILON = 1e-5


def quantise(value, axis):
    """Signed int8 in -127..127, and one scale per index of `axis`."""
    others = tuple(i for i in range(value.ndim) if i != axis)
    scale = np.maximum(np.abs(value).max(others), 1e-8).astype(np.float32) / np.float32(127)
    shape = [-1 if i == axis else 1 for i in range(value.ndim)]
    return np.clip(np.round(value / scale.reshape(shape)), -127, 127).astype(np.int8), scale


class Graph:
    """Collects nodes and weights; each method returns the name of what it computes."""

    def __init__(self, quantised):
        self.quantised = quantised
        self.nodes, self.weights, self.count = [], [], 0

    def add(self, op, *inputs, **attributes):
        self.count += 1
        name = f"{op}_{self.count}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, value):
        self.count += 1
        name = f"constant_{self.count}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def matrix(self, value, axis):
        """A weight with two or more dimensions, one scale per index of `axis` in the int8 variant."""
        if not self.quantised:
            return self.constant(value)
        whole, scale = quantise(value, axis)
        return self.add("DequantizeLinear", self.constant(whole), self.constant(scale), axis=axis)

    def rows(self, table, indices):
        if not self.quantised:
            return self.add("Gather", self.constant(table), indices, axis=0)
        whole, scale = quantise(table, 0)
        chosen = self.add("Cast", self.add("Gather", self.constant(whole), indices, axis=0), to=TensorProto.FLOAT)
        return self.add("Mul", chosen, self.add("Gather", self.constant(scale[:, None]), indices, axis=0))

    def linear(self, x, weights, name):
        weight = weights[f"{name}.weight"].T.copy()
        y = self.add("MatMul", x, self.matrix(weight, 1))
        bias = weights.get(f"{name}.bias")
        return y if bias is None else self.add("Add", y, self.constant(bias))

    def norm(self, x, weights, name):
        parts = (self.constant(weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.add("LayerNormalization", x, *parts, axis=-1, epsilon=EPSILON)

    def layer(self, x, weights, name, config, mask):
        size = config.width // config.heads
        split = self.constant(np.array([0, 0, config.heads, size], np.int64))
        h = self.norm(x, weights, f"{name}.norm1")
        q, k, v = (self.add("Reshape", self.linear(h, weights, f"{name}.{part}"), split) for part in "qkv")
        q = self.add("Mul", self.add("Transpose", q, perm=[0, 2, 1, 3]), self.constant(np.float32(size**-0.5)))
        scores = self.add("MatMul", q, self.add("Transpose", k, perm=[0, 2, 3, 1]))
        if mask is not None:
            scores = self.add("Add", scores, mask)
        attention = self.add("Softmax", scores, axis=-1)
        mixed = self.add("MatMul", attention, self.add("Transpose", v, perm=[0, 2, 1, 3]))
        joined = self.constant(np.array([0, 0, config.width], np.int64))
        mixed = self.add("Reshape", self.add("Transpose", mixed, perm=[0, 2, 1, 3]), joined)
        x = self.add("Add", x, self.linear(mixed, weights, f"{name}.o"))
        h = self.linear(self.norm(x, weights, f"{name}.norm2"), weights, f"{name}.fc1")
        gate = self.add("Sigmoid", self.add("Mul", h, self.constant(np.float32(1.702))))
        return self.add("Add", x, self.linear(self.add("Mul", h, gate), weights, f"{name}.fc2"))

    def model(self, name, result, source, target):
        self.nodes.append(helper.make_node("Identity", [result], [target.name]))
        graph = helper.make_graph(self.nodes, name, [source], [target], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="embedhouse")
        model.ir_version = 8
        onnx.checker.check_model(model, full_check=True)
        return model


def vision_model(weights, config, quantised):
    g = Graph(quantised)
    width, patches = config.width, (IMAGE_SIDE // PATCH) ** 2
    kernel = weights["patch.weight"].reshape(width, 3, PATCH, PATCH)
    x = g.add("Conv", "pixel_values", g.matrix(kernel, 0), kernel_shape=[PATCH, PATCH], strides=[PATCH, PATCH])
    x = g.add("Transpose", g.add("Reshape", x, g.constant(np.array([0, width, patches], np.int64))), perm=[0, 2, 1])
    batch = g.add("Slice", g.add("Shape", x), *(g.constant(np.array([i], np.int64)) for i in (0, 1)))
    shape = g.add("Concat", batch, g.constant(np.array([1, width], np.int64)), axis=0)
    first = g.add("Expand", g.constant(weights["cls"].reshape(1, 1, width)), shape)
    x = g.add("Add", g.add("Concat", first, x, axis=1), g.constant(weights["pos"][None]))
    x = g.norm(x, weights, "pre_norm")
    for i in range(config.layers):
        x = g.layer(x, weights, f"layers.{i}", config, None)
    x = g.add("Gather", x, g.constant(np.int64(0)), axis=1)
    x = g.linear(g.norm(x, weights, "post_norm"), weights, "projection")
    source = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, IMAGE_SIDE, IMAGE_SIDE])
    target = helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["batch", PROJECTION])
    return g.model("vision", x, source, target)


def text_model(weights, config, quantised):
    g = Graph(quantised)
    zero, one = (g.constant(np.array([i], np.int64)) for i in (0, 1))
    length = g.add("Slice", g.add("Shape", "input_ids"), one, g.constant(np.array([2], np.int64)))
    x = g.rows(weights["token.weight"], "input_ids")
    x = g.add("Add", x, g.add("Slice", g.constant(weights["pos"]), zero, length, zero))
    scalar = g.add("Squeeze", length)
    places = g.add("Range", g.constant(np.int64(0)), scalar, g.constant(np.int64(1)))
    later = g.add("Greater", g.add("Unsqueeze", places, zero), g.add("Unsqueeze", places, one))
    mask = g.add("Where", later, g.constant(np.float32(-1e9)), g.constant(np.float32(0)))
    for i in range(config.layers):
        x = g.layer(x, weights, f"layers.{i}", config, mask)
    end = g.add("ArgMax", "input_ids", axis=1, keepdims=1, select_last_index=0)
    x = g.add("GatherND", x, end, batch_dims=1)
    x = g.linear(g.norm(x, weights, "final_norm"), weights, "projection")
    source = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "sequence"])
    target = helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["batch", PROJECTION])
    return g.model("text", x, source, target)


def config_json(config, special):
    common = {"hidden_act": "quick_gelu", "layer_norm_eps": EPSILON, "projection_dim": PROJECTION, "attention_dropout": 0.0}

    def tower(t):
        return {
            "hidden_size": t.width,
            "intermediate_size": t.mlp,
            "num_attention_heads": t.heads,
            "num_hidden_layers": t.layers,
            **common,
        }

    return {
        "_name_or_path": "embedhouse/emoji-clip",
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "projection_dim": PROJECTION,
        "text_config": {
            "model_type": "clip_text_model",
            "vocab_size": config.vocab,
            "max_position_embeddings": CONTEXT,
            "bos_token_id": special[0],
            "eos_token_id": special[1],
            "pad_token_id": special[1],
            **tower(config.text),
        },
        "vision_config": {
            "model_type": "clip_vision_model",
            "image_size": IMAGE_SIDE,
            "patch_size": PATCH,
            "num_channels": 3,
            **tower(config.vision),
        },
    }


def preprocessor_json():
    return {
        "image_processor_type": "CLIPImageProcessor",
        "feature_extractor_type": "CLIPFeatureExtractor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": IMAGE_SIDE},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": IMAGE_SIDE, "width": IMAGE_SIDE},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [round(float(x), 8) for x in MEAN],
        "image_std": [round(float(x), 8) for x in STD],
    }


def write(path, content):
    """Readers see the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content if isinstance(content, bytes) else (json.dumps(content, indent=2) + "\n").encode())
    os.replace(part, path)


def verify(folder, saved):
    """Fails if a graph differs from the PyTorch model, or a row from itself in a batch or with padding."""
    model = Clip(ClipConfig.from_dict(saved["config"]))
    model.load_state_dict(saved["model"])
    rng = np.random.default_rng(0)
    end = model.config.vocab - 1
    ids = np.full((4, CONTEXT), end, np.int64)
    lengths = [2, 5, 12, CONTEXT]
    for row, length in zip(ids, lengths):
        row[: length - 1] = [end - 1, *rng.integers(512, end - 1, length - 2)]
    pixels = rng.normal(size=(4, 3, IMAGE_SIDE, IMAGE_SIDE)).astype(np.float32)
    with torch.no_grad():
        expected = {
            "text": model.text(torch.from_numpy(ids)).numpy(),
            "vision": model.vision(cut_patches(torch.from_numpy(pixels))).numpy(),
        }
    for tower, name, rows in (("text", "input_ids", ids), ("vision", "pixel_values", pixels)):
        for suffix in ("", "_int8"):
            session = onnxruntime.InferenceSession(folder / "onnx" / f"{tower}_model{suffix}.onnx")
            together = session.run(None, {name: rows})[0]
            cut = [rows[i : i + 1, :n] if tower == "text" else rows[i : i + 1] for i, n in enumerate(lengths)]
            alone = np.concatenate([session.run(None, {name: row})[0] for row in cut])
            assert np.abs(alone - together).max() <= 1e-5, f"{tower}{suffix}: a row depends on its batch"
            cosine = (together * expected[tower]).sum(1) / np.linalg.norm(together, axis=1)
            cosine = (cosine / np.linalg.norm(expected[tower], axis=1)).min()
            apart = np.abs(together - expected[tower]).max()
            assert (apart < 1e-4) if suffix == "" else (cosine > 0.99), f"{tower}{suffix}: {apart} {cosine}"
            print(f"{tower}{suffix}: largest difference from PyTorch {apart:.2g}, least cosine {cosine:.5f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("folder")
    options = parser.parse_args()
    run, folder = Path(options.run), Path(options.folder)
    saved = torch.load(run / "last.pt")
    config = ClipConfig.from_dict(saved["config"])
    weights = {name: w.float().numpy() for name, w in saved["model"].items()}
    towers = {
        "text": (text_model, config.text),
        "vision": (vision_model, config.vision),
    }
    for tower, (build, tower_config) in towers.items():
        own = {name.removeprefix(f"{tower}."): w for name, w in weights.items() if name.startswith(f"{tower}.")}
        for suffix in ("", "_int8"):
            model = build(own, tower_config, suffix != "")
            write(folder / "onnx" / f"{tower}_model{suffix}.onnx", model.SerializeToString())
    tokenizer = json.loads((run / "tokenizer" / "tokenizer.json").read_text())
    special = [token["id"] for token in tokenizer["added_tokens"]]
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        write(folder / name, (run / "tokenizer" / name).read_bytes())
    write(folder / "config.json", config_json(config, special))
    write(folder / "preprocessor_config.json", preprocessor_json())
    for file in sorted(folder.rglob("*.onnx")):
        print(file, file.stat().st_size)
    print("step", saved["step"])
    verify(folder, saved)


if __name__ == "__main__":
    main()
