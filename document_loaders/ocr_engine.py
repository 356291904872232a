"""RapidOCR's finder and reader of lines, with the models of its wheel, called for what they do best.

Measured on pages of clean Chinese print:

* Its classifier of upside-down lines is left out: it squeezes long lines and takes up to a third of the upright ones
  for upside down, which loses them.
* Lines are found at 1280 pixels a page as well as at 2000, in half the time; they are read from the large page.
* Lines read one at a time take a quarter less time than in batches, where all are padded to the longest, and the
  process needs 400 MB less.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from document_loaders.reading_order import Box

_SIDE_FOR_FINDING = 1280
_LARGEST_BLOW_UP = 1.5


class Engine:
    """Made once a process: the models take 0.8 s and 100 MB. Not for two threads at a time."""

    def __init__(self, threads: int) -> None:
        import cv2
        import rapidocr

        # Paths to the models keep it from looking for them, and from downloading what it does not find.
        models = Path(rapidocr.__file__).parent / "models"
        cv2.setNumThreads(threads)
        self._rapid = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.max_side_len": 1 << 20,
                # Otherwise it blows up a strip of text until that is 736 pixels high.
                "Det.limit_type": "max",
                "Det.limit_side_len": _SIDE_FOR_FINDING * 2,
                "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
                "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
                "EngineConfig.onnxruntime.intra_op_num_threads": min(threads, os.cpu_count() or 1),
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def find(self, pixels: np.ndarray) -> tuple[list[Box], list[np.ndarray]]:
        """Where the lines stand, and each cut out and set straight; one that runs down or up is turned to the left."""
        import cv2
        from rapidocr.utils.process_img import get_rotate_crop_image

        scale = min(_LARGEST_BLOW_UP, _SIDE_FOR_FINDING / max(pixels.shape[:2]))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how)
        found: Any = self._rapid(small, use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return [], []
        quads = [np.asarray(corners, dtype=np.float32) / scale for corners in found.boxes]
        return [_place(quad) for quad in quads], [
            np.ascontiguousarray(get_rotate_crop_image(pixels, quad)) for quad in quads
        ]

    def recognise(self, strip: np.ndarray) -> tuple[str, float]:
        """The text of one line, and how sure it is (0 to 1)."""
        found: Any = self._rapid.recognize_txt([strip])
        return found.txts[0].strip(), float(found.scores[0])


def _place(quad: np.ndarray) -> Box:
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
