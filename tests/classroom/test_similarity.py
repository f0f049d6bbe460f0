"""Pairs that copied are found although names, comments and layout were changed; those who worked alone are not."""

import re

from fer_course.classroom.similarity import alike, same_as

STUB = {"convolve": "def convolve(image, kernel, stride=1, padding=0):\n    ...\n"}
LOOPS = """def convolve(image, kernel, stride=1, padding=0):
    \"\"\"Convolve.\"\"\"
    image = np.pad(image, [(padding, padding), (padding, padding), (0, 0)])
    rows = (image.shape[0] - kernel.shape[0]) // stride + 1
    columns = (image.shape[1] - kernel.shape[1]) // stride + 1
    maps = np.zeros((rows, columns, kernel.shape[3]))
    for row in range(rows):
        for column in range(columns):
            window = image[row * stride:row * stride + kernel.shape[0], column * stride:column * stride + kernel.shape[1]]
            for m in range(kernel.shape[3]):
                maps[row, column, m] = (window * kernel[..., m]).sum()
    return maps
"""
EINSUM = """def convolve(image, kernel, stride=1, padding=0):
    k = kernel.shape[0]
    padded = np.pad(image, ((padding,) * 2, (padding,) * 2, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(0, 1))[::stride, ::stride]
    return np.einsum("rcxij,ijxm->rcm", windows, kernel)
"""
NDINDEX = """def convolve(image, kernel, stride=1, padding=0):
    if padding:
        image = np.pad(image, [(padding, padding)] * 2 + [(0, 0)])
    k, _, _, filters = kernel.shape
    height, width = [(side - k) // stride + 1 for side in image.shape[:2]]
    out = np.empty((height, width, filters), dtype=float)
    for y, x, f in np.ndindex(out.shape):
        top, left = y * stride, x * stride
        out[y, x, f] = np.tensordot(image[top:top + k, left:left + k], kernel[:, :, :, f], axes=3)
    return out
"""


def renamed(source: str) -> str:
    names = {
        "image": "bild",
        "rows": "hoch",
        "columns": "breit",
        "maps": "karten",
        "window": "fenster",
        "row": "z",
        "column": "s",
    }
    source = re.sub(r"\b(" + "|".join(names) + r")\b", lambda found: names[found[1]], source)
    return source.replace('"""Convolve."""', "# ganz allein gemacht").replace("    ", "  ")


def submissions(*sources: str) -> dict:
    return {f"s{number}": {"convolve": source} for number, source in enumerate(sources)}


def test_a_copy_with_other_names_is_found_and_nobody_else():
    found = alike(submissions(LOOPS, EINSUM, NDINDEX, renamed(LOOPS), STUB["convolve"], STUB["convolve"]), STUB)
    assert [pair.students for pair in found] == [("s0", "s3")]
    assert found[0].share > 0.95


def test_what_most_of_a_class_wrote_is_nobodys_copy():
    assert alike(submissions(*[LOOPS] * 12, EINSUM), STUB) == []


def test_answers_too_short_to_tell():
    short = "def mirror(image):\n    return image[:, ::-1]"
    assert alike({name: {"mirror": short} for name in ("s0", "s1")}, {}) == []


def test_text_that_is_no_python():
    assert alike(submissions("def (:", "'''", "\x00", ""), STUB) == []


def test_the_courses_own_solution_is_named_but_not_a_short_one():
    solution = {"convolve": LOOPS, "mirror": "def mirror(image):\n    return image[:, ::-1]"}
    taken = {"convolve": "# mine\n" + LOOPS, "mirror": solution["mirror"]}
    assert same_as({"s0": taken, "s1": {"convolve": EINSUM}, "s2": {"convolve": renamed(LOOPS)}}, solution, STUB) == {
        "s0": ["convolve"]
    }
