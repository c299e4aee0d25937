"""Trains the text tower of a finished run further: `python scripts/emoji-clip/tune_text.py DATA RUN [--steps N]`.

Pictures and anchors stay as they are, which makes a step cheap; more of the captions name several emoji, since any two
of 1 900 make a caption of their own. Replaces RUN/last.pt.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import bpe
from captions import Captions, Catalogue, load_emoji
from model import Clip, ClipConfig
from train import encode, load_evaluation, make_optimizers, rate_at, recalls, soft_cross_entropy


def draw_batch(captions, rng, size):
    texts, fits = [], np.zeros((size, captions.count), np.float32)
    for row in range(size):
        text, shares = captions.draw(rng, int(rng.integers(captions.count)))
        fits[row, list(shares)] = list(shares.values())
        texts.append(text)
    return texts, torch.from_numpy(fits)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("run")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--mixed", type=float, default=0.4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run = Path(options.run)
    saved = torch.load(run / "last.pt")
    model = Clip(ClipConfig.from_dict(saved["config"]))
    model.load_state_dict(saved["model"])
    tokenizer = bpe.load_tokenizer(run / "tokenizer")
    captions = Captions(Catalogue(load_emoji(options.data)), options.mixed)
    anchors = F.normalize(saved["anchors"], dim=-1)
    scale = model.logit_scale.detach().exp()
    optimizers = make_optimizers(model.text, torch.nn.Parameter(anchors.clone()), options.rate, 0.05)
    evaluation = load_evaluation(options.data, run)
    rng = np.random.default_rng(options.seed)
    began, total = time.monotonic(), 0
    for step in range(1, options.steps + 1):
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = options.rate * rate_at(step, options.steps, 50, 0.7)
        texts, fits = draw_batch(captions, rng, options.batch)
        vectors = F.normalize(model.text(torch.from_numpy(encode(tokenizer, texts))), dim=-1)
        loss = soft_cross_entropy(vectors @ anchors.T * scale, fits)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        total += loss.item()
        if step % 50 == 0:
            each = (time.monotonic() - began) / step
            left = each * (options.steps - step) / 60
            print(f"step {step}/{options.steps} loss {total / 50:.3f} {options.batch / each:.0f} texts/s {left:.1f} min left", flush=True)
            total = 0
    torch.save({**saved, "model": model.state_dict(), "text_steps": options.steps}, run / "last.tmp")
    os.replace(run / "last.tmp", run / "last.pt")
    names, held, same = recalls(model, tokenizer, evaluation)
    print(f"names@10 {names:.3f} held-out@10 {held:.3f} picture@1 {same:.3f}")


if __name__ == "__main__":
    main()
