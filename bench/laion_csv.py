"""The way from LAION's files to CSV that ClickHouse's page on the LAION-400M data set describes: all three files of a part
into one pandas frame, vectors as lists of Python floats, quotes taken out of captions, the whole frame as text. Captions
that are NULL, on which the page's own script fails, become empty. Arguments: the folder of part 0, and the CSV file."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

folder, csv = Path(sys.argv[1]), sys.argv[2]
frame = pd.read_parquet(folder / "metadata_0.parquet")[["url", "caption", "NSFW", "similarity"]]
for column, file in [("image_embedding", "img_emb_0.npy"), ("text_embedding", "text_emb_0.npy")]:
    frame[column] = [vector.tolist() for vector in np.load(folder / file)]
frame["caption"] = frame["caption"].fillna("").map(lambda text: text.replace("'", " ").replace('"', " "))
frame.to_csv(csv, header=False)
