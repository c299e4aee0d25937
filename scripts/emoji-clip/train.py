"""Trains the small CLIP: `python scripts/emoji-clip/train.py DATA RUN [--steps N]`; goes on from RUN/last.pt if there is one.

Each emoji has a learned anchor in the vectors' space, which training alone uses. Both towers are drawn to the anchors
of what a picture shows or a caption fits (softmax over all emoji), and pictures and captions of a batch to each other
(CLIP's loss; a caption that fits several pictures of the batch has all of them as right answers).
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

import bpe
from captions import Captions, Catalogue, hold_out, load_emoji, vocabulary_texts
from model import PATCH, Clip, ClipConfig, cut_patches
from pictures import MEAN, STD, SIDE, Composer, load_picture

MERGES = 1190


class Batches(Dataset):
    """Batch number n is drawn from (seed, n) alone, so that a resumed run sees what an unbroken one does."""

    def __init__(self, data, tokenizer, seed, size, captions_each, keep, masked_steps):
        self.catalogue = Catalogue(load_emoji(data))
        self.captions = Captions(self.catalogue)
        self.count = self.captions.count
        self.composer = Composer(data, self.count)
        self.seed, self.size, self.captions_each = seed, size, captions_each
        self.tokenizer = tokenizer
        self.keep, self.masked_steps = keep, masked_steps

    def __getitem__(self, number):
        rng = np.random.default_rng([self.seed, number])
        chosen = rng.permutation(self.count)[: self.size]
        pixels = np.empty((self.size, 3, SIDE, SIDE), np.uint8)
        image_fits = np.zeros((self.size, self.count), np.float32)
        texts, text_fits = [], np.zeros((self.size * self.captions_each, self.count), np.float32)
        for row, i in enumerate(chosen):
            shown = [int(i)]
            if rng.random() < 0.08:
                shown += [int(j) for j in rng.choice(chosen, 1 + int(rng.random() < 0.25))]
            pixels[row] = self.composer.compose(rng, shown).transpose(2, 0, 1)
            for j in shown:
                image_fits[row, j] += 1 / len(shown)
            for _ in range(self.captions_each):
                text, shares = self.captions.draw(rng, int(i))
                text_fits[len(texts), list(shares)] = list(shares.values())
                texts.append(text)
        ids = encode(self.tokenizer, texts)
        # A random share of the patches makes a step cheaper (FLIP, arXiv 2212.00794); the last steps see all.
        patches = (SIDE // PATCH) ** 2
        keep = round(self.keep * patches) if number < self.masked_steps else patches
        places = rng.random((self.size, patches)).argsort(1)[:, :keep] if keep < patches else np.empty((0, 0), np.int64)
        return tuple(torch.from_numpy(a) for a in (pixels, places, image_fits, ids, text_fits))


def encode(tokenizer, texts):
    rows = [e.ids for e in tokenizer.encode_batch(texts)]
    end = rows[0][-1]
    length = min(77, max(map(len, rows)))
    return np.array([(r if len(r) <= length else [*r[: length - 1], end]) + [end] * (length - len(r)) for r in rows], np.int64)


def soft_cross_entropy(logits, target):
    return -(target * F.log_softmax(logits, -1)).sum(-1).mean()


def batch_loss(logits, fits):
    """CLIP's loss in both directions, where `fits` [texts, images] says how well each text fits each image."""
    loss = 0
    for l, f in ((logits, fits), (logits.T, fits.T)):
        total = f.sum(1)
        has = total > 0
        loss = loss + soft_cross_entropy(l[has], f[has] / total[has, None])
    return loss / 2


def prepare(pixels, places=None):
    """uint8 [batch, 3, 224, 224] to the normalised patches at `places`, or all."""
    patches = cut_patches(pixels)
    if places is not None:
        patches = patches[torch.arange(len(patches))[:, None], places]
    mean, std = (torch.from_numpy(a * 255).repeat_interleave(PATCH * PATCH) for a in (MEAN, STD))
    return (patches.bfloat16() - mean.bfloat16()).mul_((1 / std).bfloat16())


def recalls(model, tokenizer, evaluation):
    """Text to picture recall@10 for names and held-out pairs, picture to other picture recall@1."""
    model.eval()
    with torch.no_grad():
        vectors = []
        for pixels in evaluation["pixels"]:
            with torch.autocast("cpu", torch.bfloat16):
                parts = [model.vision(prepare(p)) for p in pixels.split(128)]
            vectors.append(F.normalize(torch.cat(parts).float(), dim=-1))
        pictures, others = vectors
        found = []
        for texts, answers in evaluation["texts"]:
            v = model.text(torch.from_numpy(encode(tokenizer, texts)))
            found.append((((v @ pictures.T).topk(10).indices == answers[:, None]).any(1)).float().mean().item())
        same = ((others @ pictures.T).argmax(1) == torch.arange(len(pictures))).float().mean().item()
    model.train()
    return found[0], found[1], same


def load_evaluation(data, run):
    emoji = load_emoji(data)
    file = run / "evaluation.pt"
    if not file.exists():
        pixels = [
            torch.from_numpy(np.stack([load_picture(Path(data) / e[which]) for e in emoji]).transpose(0, 3, 1, 2).copy())
            for which in ("picture", "other")
        ]
        torch.save(pixels, file)
    held = hold_out(Catalogue(emoji))
    return {
        "pixels": torch.load(file),
        "texts": [
            ([e["caption"] for e in emoji], torch.arange(len(emoji))),
            ([f"{a} {b}" for _, a, b in held], torch.tensor([i for i, _, _ in held])),
        ],
    }


def make_optimizers(model, anchors, rate, decay):
    hidden = [p for n, p in model.named_parameters() if p.dim() == 2 and "layers." in n]
    ids = {id(p) for p in hidden}
    rest = [p for p in model.parameters() if id(p) not in ids]
    return [
        torch.optim.Muon(hidden, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(
            [
                {"params": [p for p in rest if p.dim() == 2], "weight_decay": decay},
                {"params": [p for p in rest if p.dim() != 2], "weight_decay": 0},
                {"params": [anchors], "weight_decay": 0},
            ],
            lr=rate,
            betas=(0.9, 0.98),
        ),
    ]


def rate_at(step, steps, warm_up, cooling):
    """Up in a straight line, constant, and down in a straight line over the last share `cooling` of the steps."""
    return min(1, (step + 1) / warm_up, max(0.01, (steps - step) / (cooling * steps)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("run")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--captions-each", type=int, default=2)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--cooling", type=float, default=0.4)
    parser.add_argument("--keep", type=float, default=0.6, help="share of the patches seen at first")
    parser.add_argument("--masked", type=float, default=0.55, help="share of the steps that see only those")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--evaluate-every", type=int, default=250)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    run = Path(options.run)
    run.mkdir(parents=True, exist_ok=True)
    vocab = bpe.write_tokenizer(run / "tokenizer", vocabulary_texts(Catalogue(load_emoji(options.data))), MERGES)
    tokenizer = bpe.load_tokenizer(run / "tokenizer")
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    masked = round(options.masked * options.steps)
    batches = Batches(
        options.data, tokenizer, options.seed, options.batch, options.captions_each, options.keep, masked
    )
    model = Clip(ClipConfig(vocab))
    anchors = torch.nn.Parameter(torch.randn(batches.count, 512) * 512**-0.5)
    optimizers = make_optimizers(model, anchors, options.rate, options.decay)
    step, last = 0, run / "last.pt"
    if last.exists():
        saved = torch.load(last)
        step = saved["step"]
        model.load_state_dict(saved["model"])
        anchors.data.copy_(saved["anchors"])
        for optimizer, state in zip(optimizers, saved["optimizers"]):
            optimizer.load_state_dict(state)

    def save():
        torch.save(
            {
                "step": step,
                "config": model.config.to_dict(),
                "model": model.state_dict(),
                "anchors": anchors.data,
                "optimizers": [o.state_dict() for o in optimizers],
            },
            run / "last.tmp",
        )
        os.replace(run / "last.tmp", last)

    evaluation = load_evaluation(options.data, run)
    loader = DataLoader(batches, batch_size=None, sampler=range(step, options.steps), num_workers=1, prefetch_factor=3)
    began, sums = time.monotonic(), np.zeros(3)
    for pixels, places, image_fits, ids, text_fits in loader:
        factor = rate_at(step, options.steps, 150, options.cooling)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = options.rate * factor
        with torch.autocast("cpu", torch.bfloat16):
            seen = places if len(places) > 0 else None
            images = model.vision(prepare(pixels, seen), seen)
        images = F.normalize(images.float(), dim=-1)
        texts = F.normalize(model.text(ids), dim=-1)
        directions = F.normalize(anchors, dim=-1)
        scale = model.logit_scale.exp().clamp(max=100)
        losses = [
            soft_cross_entropy(images @ directions.T * scale, image_fits),
            soft_cross_entropy(texts @ directions.T * scale, text_fits),
            batch_loss(texts @ images.T * scale, text_fits @ image_fits.T),
        ]
        (losses[0] + losses[1] + 0.5 * losses[2]).backward()
        torch.nn.utils.clip_grad_norm_([*model.parameters(), anchors], 2.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        step += 1
        sums += [l.item() for l in losses]
        if step % 25 == 0:
            each = (time.monotonic() - began) / 25
            began = time.monotonic()
            left = each * (options.steps - step) / 60
            shown = " ".join(f"{s / 25:.3f}" for s in sums)
            print(f"step {step}/{options.steps} loss {shown} scale {scale.item():.1f} {options.batch / each:.0f} images/s {left:.1f} min left", flush=True)
            sums[:] = 0
        if step % options.evaluate_every == 0 or step == options.steps:
            save()
            names, held, same = recalls(model, tokenizer, evaluation)
            print(f"step {step} names@10 {names:.3f} held-out@10 {held:.3f} picture@1 {same:.3f}", flush=True)
            with open(run / "recalls.jsonl", "a") as log:
                log.write(json.dumps({"step": step, "names": names, "heldOut": held, "pictures": same}) + "\n")


if __name__ == "__main__":
    main()
