"""An executable function as ClickHouse's page on the LAION-400M data set describes it: one text a line, each encoded on
its own and padded to 77 tokens, one list of 512 numbers a line back. The model has the shapes of CLIP ViT-B/32's text
tower and random weights; words stand for tokens, since what a token means costs nothing. The benchmark puts the
interpreter's line before this one."""

import sys
import zlib

import torch
from torch import nn

WIDTH, HEADS, LAYERS, TOKENS, VOCABULARY, DIMENSIONS = 512, 8, 12, 77, 49408, 512
START, END = VOCABULARY - 2, VOCABULARY - 1


class QuickGELU(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), QuickGELU(), nn.Linear(4 * WIDTH, WIDTH))
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        normed = self.norm1(x)
        x = x + self.attention(normed, normed, normed, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.norm2(x))


class TextTower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Parameter(torch.randn(TOKENS, WIDTH) * 0.1)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.projection = nn.Linear(WIDTH, DIMENSIONS, bias=False)
        self.register_buffer("mask", torch.full((TOKENS, TOKENS), float("-inf")).triu(1))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.tokens(ids) + self.positions
        for block in self.blocks:
            x = block(x, self.mask)
        pooled = self.norm(x)[torch.arange(len(ids)), ids.argmax(dim=-1)]
        return self.projection(pooled)


def tokenize(text: str) -> torch.Tensor:
    words = [zlib.crc32(word.encode()) % START for word in text.split()][: TOKENS - 2]
    ids = [START, *words, END]
    return torch.tensor([ids + [0] * (TOKENS - len(ids))])


if __name__ == "__main__":
    torch.manual_seed(1)
    model = TextTower().eval()
    with torch.no_grad():
        for text in sys.stdin:
            print(model(tokenize(text))[0].tolist())
            sys.stdout.flush()
