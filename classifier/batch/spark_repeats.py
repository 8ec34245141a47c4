"""Repeats in a table that is spread over a cluster: the same that one machine finds, by shuffles of keys and bands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812

from classifier.learn.duplicates import NEARLY
from classifier.text.sketches import BANDS, bands_of, likeness

_BANDS: Final = "part long, row long, band int, clue long"
_NEAR: Final = "part long, row long, first struct<part: long, row: long>, name string"


def find_repeats(told: DataFrame) -> DataFrame:
    """Return the rows that say what an earlier one says, or nearly so, and what the earliest of them is called.

    Args:
        told: `part`, `row`, `key`, `sketch` and `name` of each row that says something.

    Returns:
        `part`, `row`, `earliest` and `nearly` of those that repeat another.
    """
    alike = Window.partitionBy("key").orderBy("part", "row")
    placed = told.withColumn("place", F.row_number().over(alike)).withColumn("earliest", F.first("name").over(alike))
    exact = placed.where("place > 1").select("part", "row", "earliest", F.lit(False).alias("nearly"))
    return exact.unionByName(_nearly(placed.where("place = 1")).withColumn("nearly", F.lit(True)))


def _nearly(told: DataFrame) -> DataFrame:
    """Return the rows that say nearly what the first of one of their bands says: see `classifier.batch.nearly`."""
    alike = Window.partitionBy("band", "clue").orderBy("part", "row")
    first = F.first(F.struct("part", "row")).over(alike)
    pairs = told.mapInPandas(_banding, _BANDS).select("part", "row", first.alias("first"))
    others = pairs.where("not (first.part = part and first.row = row)").distinct()
    of_first = told.select(F.struct("part", "row").alias("first"), F.col("sketch").alias("other"), "name")
    compared = others.join(told.select("part", "row", "sketch"), ["part", "row"]).join(of_first, "first")
    near = compared.mapInPandas(_comparing, _NEAR)
    best = near.groupBy("part", "row").agg(F.min(F.struct("first", "name")).alias("best"))
    return best.select("part", "row", F.col("best.name").alias("earliest"))


def _banding(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Turn rows with a sketch into rows with one band each."""
    for frame in frames:
        # Spark's whole numbers are signed.
        clues = bands_of(b"".join(frame["sketch"])).astype(np.int64).ravel()
        names = {name: np.repeat(frame[name].to_numpy(), BANDS) for name in ("part", "row")}
        yield pd.DataFrame(names | {"band": np.tile(np.arange(BANDS, dtype=np.int32), len(frame)), "clue": clues})


def _comparing(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Keep the pairs that are nearly alike."""
    for frame in frames:
        alike = likeness(b"".join(frame["sketch"]), b"".join(frame["other"])) >= NEARLY
        yield frame.loc[alike, ["part", "row", "first", "name"]]
