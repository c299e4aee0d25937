"""A small CLIP: the architecture of transformers' CLIPModel with quick_gelu, and nothing that inference does not need."""

from dataclasses import asdict, dataclass

import torch
from torch import nn

CONTEXT = 77
IMAGE_SIDE = 224
PATCH = 32
PROJECTION = 512


def cut_patches(pixels):
    """[batch, 3, 224, 224] to [batch, 49, 3 * 32 * 32], row by row."""
    n = IMAGE_SIDE // PATCH
    cut = pixels.reshape(-1, 3, n, PATCH, n, PATCH).permute(0, 2, 4, 1, 3, 5)
    return cut.reshape(-1, n * n, 3 * PATCH * PATCH)


@dataclass(frozen=True)
class TowerConfig:
    width: int
    layers: int
    heads: int
    mlp: int


@dataclass(frozen=True)
class ClipConfig:
    vocab: int
    vision: TowerConfig = TowerConfig(width=144, layers=4, heads=3, mlp=576)
    text: TowerConfig = TowerConfig(width=128, layers=2, heads=4, mlp=512)

    def to_dict(self):
        return asdict(self)

    @staticmethod
    def from_dict(d):
        return ClipConfig(d["vocab"], TowerConfig(**d["vision"]), TowerConfig(**d["text"]))


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        w = config.width
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(w)
        self.q, self.k, self.v, self.o = (nn.Linear(w, w) for _ in range(4))
        self.norm2 = nn.LayerNorm(w)
        self.fc1 = nn.Linear(w, config.mlp)
        self.fc2 = nn.Linear(config.mlp, w)

    def forward(self, x, causal):
        batch, length, width = x.shape
        h = self.norm1(x)
        q, k, v = (
            f(h).view(batch, length, self.heads, width // self.heads).transpose(1, 2) for f in (self.q, self.k, self.v)
        )
        # Written out: on a CPU the fused attention's backward pass takes several times as long at these sizes.
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        if causal:
            scores = scores + torch.full((length, length), -1e9).triu(1)
        a = scores.softmax(-1).to(v.dtype) @ v
        x = x + self.o(a.transpose(1, 2).reshape(batch, length, width))
        h = self.fc1(self.norm2(x))
        return x + self.fc2(h * torch.sigmoid(1.702 * h))


class VisionTower(nn.Module):
    def __init__(self, config):
        super().__init__()
        w = config.width
        self.patch = nn.Linear(3 * PATCH * PATCH, w, bias=False)
        self.cls = nn.Parameter(torch.randn(w) * 0.02)
        self.pos = nn.Parameter(torch.randn((IMAGE_SIDE // PATCH) ** 2 + 1, w) * 0.02)
        self.pre_norm = nn.LayerNorm(w)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.post_norm = nn.LayerNorm(w)
        self.projection = nn.Linear(w, PROJECTION, bias=False)

    def forward(self, patches, places=None):
        """`patches` [batch, n, 3 * 32 * 32], normalised; `places` [batch, n] where they lie if not all are given."""
        x = self.patch(patches)
        x = x + (self.pos[1:] if places is None else self.pos[places + 1])
        x = torch.cat([(self.cls + self.pos[0]).to(x.dtype).expand(len(x), 1, -1), x], 1)
        x = self.pre_norm(x)
        for layer in self.layers:
            x = layer(x, causal=False)
        return self.projection(self.post_norm(x[:, 0]))


class TextTower(nn.Module):
    def __init__(self, vocab, config):
        super().__init__()
        self.token = nn.Embedding(vocab, config.width)
        self.pos = nn.Parameter(torch.randn(CONTEXT, config.width) * 0.01)
        nn.init.normal_(self.token.weight, std=0.02)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.final_norm = nn.LayerNorm(config.width)
        self.projection = nn.Linear(config.width, PROJECTION, bias=False)

    def forward(self, ids):
        x = self.token(ids) + self.pos[: ids.shape[1]]
        for layer in self.layers:
            x = layer(x, causal=True)
        # The end token has the highest id, so that its first occurrence is where CLIP reads the text's vector.
        x = x[torch.arange(len(ids)), ids.argmax(1)]
        return self.projection(self.final_norm(x))


class Clip(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.vision = VisionTower(config.vision)
        self.text = TextTower(config.vocab, config.text)
        self.logit_scale = nn.Parameter(torch.tensor(2.7))
        for tower, c in ((self.vision, config.vision), (self.text, config.text)):
            for name, p in tower.named_parameters():
                if name.endswith("weight") and p.dim() == 2 and "token" not in name:
                    deep = (2 * c.layers) ** -0.5 if name.endswith(("o.weight", "fc2.weight")) else 1.0
                    nn.init.normal_(p, std=p.shape[1] ** -0.5 * deep)
