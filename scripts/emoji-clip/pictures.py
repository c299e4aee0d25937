"""Training pictures: emoji put on backgrounds, at CLIP's 224 x 224 pixels; and the reference preprocessing of files."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

SIDE = 224
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
KERNELS = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX]
# Each about 1.075 times the one before.
SIDES = [76, 83, 90, 98, 106, 114, 123, 133, 143, 154, 165, 178, 191, 205, 214]
SMALL_SIDES = [0, 1, 2, 3, 4]
ALONE_SIDES = [*range(4, len(SIDES))]


def load_picture(path):
    """Resizes the short side to 224 (bicubic) and cuts the centre, as CLIPImageProcessor does: uint8 [224, 224, 3]."""
    image = Image.open(path).convert("RGB")
    width, height = image.size
    short, long = min(width, height), max(width, height)
    size = (SIDE, int(SIDE * long / short))
    image = image.resize(size if width <= height else size[::-1], Image.Resampling.BICUBIC)
    width, height = image.size
    left, top = (width - SIDE) // 2, (height - SIDE) // 2
    return np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))


def normalise(pixels):
    """uint8 [n, 224, 224, 3] to float32 [n, 3, 224, 224]."""
    return np.ascontiguousarray(((pixels / np.float32(255) - MEAN) / STD).transpose(0, 3, 1, 2), np.float32)


def draw_backgrounds(rng, count):
    """Gradients and soft noise, uint8 [count, 224, 224, 3]."""
    drawn = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for n in range(count):
        cells = 2 if n % 2 else int(rng.integers(3, 10))
        colours = rng.uniform(0, 255, 3) + rng.normal(0, rng.uniform(5, 70), (cells, cells, 3))
        small = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
        drawn[n] = np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return drawn


class Composer:
    """Holds every emoji at every side in memory, about 2.3 GB for 1 900 emoji, so that a picture takes little time."""

    def __init__(self, data, count):
        rgba = np.memmap(Path(data) / "emoji.rgba", np.uint8, "r", shape=(count, SIDE, SIDE, 4))
        self.sides = [np.empty((count, side, side, 4), np.uint8) for side in SIDES]
        for i in range(count):
            # Resizing in the premultiplied form keeps the colour of transparent pixels out of the edges.
            whole = Image.fromarray(rgba[i], "RGBA").convert("RGBa")
            for n, side in enumerate(SIDES):
                kernel = KERNELS[(i + n) % len(KERNELS)]
                resized = whole.resize((side, side), kernel, reducing_gap=2.0)
                self.sides[n][i] = np.frombuffer(resized.tobytes(), np.uint8).reshape(side, side, 4)
        self.backgrounds = draw_backgrounds(np.random.default_rng(1), 400)

    def background(self, rng):
        if rng.random() < 0.35:
            drawn = self.backgrounds[int(rng.integers(len(self.backgrounds)))][..., rng.permutation(3)]
            return np.rot90(drawn, int(rng.integers(4))).copy()
        if rng.random() < 0.15:
            colour = np.full(3, [255, 0, 240, 128][int(rng.integers(4))])
        else:
            colour = rng.uniform(0, 255, 3) if rng.random() < 0.4 else 255 - rng.uniform(0, 150, 3)
        canvas = np.empty((SIDE, SIDE, 3), np.uint8)
        canvas[:] = colour.astype(np.uint8)
        return canvas

    def put(self, rng, canvas, emoji, size, centre, reach):
        side = SIDES[size]
        drawing = self.sides[size][emoji]
        left, top = (int(round(c - side / 2 + d)) for c, d in zip(centre, rng.uniform(-reach, reach, 2)))
        under = canvas[top : top + side, left : left + side]
        rest = np.uint16(256) - drawing[..., 3:] - (drawing[..., 3:] >> 7)
        under[:] = drawing[..., :3] + ((under * rest) >> 8).astype(np.uint8)

    def compose(self, rng, emoji):
        """One emoji, or two or three side by side: uint8 [224, 224, 3]."""
        canvas = self.background(rng)
        if len(emoji) == 1:
            size = ALONE_SIDES[int(rng.integers(len(ALONE_SIDES)))]
            self.put(rng, canvas, emoji[0], size, (SIDE / 2, SIDE / 2), 0.35 * (SIDE - SIDES[size]))
        else:
            places = [(60, 60), (164, 164), (60, 164), (164, 60)]
            if len(emoji) == 2:
                places = [(60, 112), (164, 112)] if rng.random() < 0.6 else places[:2]
            for one, place in zip(emoji, rng.permutation(places)):
                self.put(rng, canvas, one, SMALL_SIDES[int(rng.integers(len(SMALL_SIDES)))], place, 5)
        blur, compress = rng.random(2)
        if blur < 0.06:
            canvas = np.asarray(Image.fromarray(canvas).filter(ImageFilter.BoxBlur(rng.uniform(0.3, 1.2))))
        if compress < 0.1:
            file = io.BytesIO()
            Image.fromarray(canvas).save(file, "JPEG", quality=int(rng.integers(60, 96)))
            canvas = np.asarray(Image.open(file))
        return canvas
