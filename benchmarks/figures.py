"""How fast living figures follow, what they weigh, and how far networks in JavaScript are from Keras: in Chromium, from a disk.

usage: python benchmarks/figures.py [--steps 30]        (about three minutes; nothing else should run beside it)

Writes two sections of BENCHMARKS.md. A figure's time goes from a key or a moved slider to the end of drawing, and so includes the
wait for the screen's next picture, up to 17 ms. Needs Chromium and the extra `dev`.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from recording import few
from writing import write_section

import fer_course.quiet  # noqa: F401  (before TensorFlow is loaded)

# isort: split
from fer_course import models, widgets
from fer_course._shared import scripts
from fer_course.data import drawn
from fer_course.export.networks import describe

FACE = drawn.draw_one(drawn.PROTOTYPES["happy"], 3)
EDGE = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
#: Figure -> what builds it, and what is moved: a stage (by keys) or a slider.
FIGURES: dict[str, tuple[Callable, str]] = {
    "glass network": (widgets.glass_network, ".stage"),
    "window inspector": (lambda: widgets.window_inspector(FACE, {"edge": EDGE}), ".stage"),
    "steer a face": (widgets.steer_a_face, "input[type=range]"),
    "separable factory": (widgets.separable_factory, "input[type=range]"),
    "train in the page": (widgets.train_in_page, "button[data-step]"),
    "cover and move": (widgets.cover_and_move, ".stage"),
    "receptive ladder": (lambda: widgets.receptive_ladder(stack=["3×3", "pooling 2×2", "3×3"]), "svg"),
    "threshold desk": (widgets.threshold_desk, "input[type=range]"),
    "chance machine": (widgets.chance_machine, "input[type=range]"),
}
HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>figure</title><body>'
#: Moves what is chosen `steps` times, and returns the milliseconds until each picture is drawn.
MOVE = """async ([selector, steps]) => {
  const element = document.querySelector(`.fer ${selector}`);
  const taken = [];
  for (let step = 0; step < steps; step += 1) {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 5)));
    const start = performance.now();
    if (element.type === "range") {
      element.value = Number(element.min) + ((Number(element.max) - Number(element.min)) * ((step * 7) % 20)) / 20;
      element.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (element.tagName === "BUTTON") element.click();
    else {
      const key = ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"][step % 4];
      element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    await new Promise((done) => requestAnimationFrame(done));
    taken.push(performance.now() - start);
  }
  return taken;
}"""
RUN = """([description, images]) => {
  const network = build(description);
  network.run(images[0]);
  return images.map((image) => {
    const start = performance.now();
    const maps = network.run(image);
    return { taken: performance.now() - start, scores: [...scores(maps)] };
  });
}"""


def figures(browser, folder: Path, steps: int) -> None:
    """Measure and write how fast each figure follows."""
    rows = []
    for name, (make, selector) in list(FIGURES.items())[: few(None, 2)]:
        text = f"{HEAD}{make().as_html()}"
        file = folder / "figure.html"
        file.write_text(text, encoding="utf-8")
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(file.as_uri())
        page.wait_for_selector("[data-live=true] .fer")
        page.wait_for_timeout(1000)
        taken = np.array(page.evaluate(MOVE, [selector, steps])[3:])
        page.close()
        rows.append(
            (name, f"{len(text.encode()) / 1000:,.0f}", f"{np.median(taken):.0f}", f"{np.quantile(taken, 0.9):.0f}")
        )
        print(*rows[-1], flush=True)
    head = ("figure", "kB of HTML", "milliseconds: median", "9 of 10 below")
    text = "From a moved control to the drawn picture, in Chromium."
    write_section("Living figures", "python benchmarks/figures.py", text, head, rows)


def networks(browser, folder: Path) -> None:
    """Measure and write how far each network in JavaScript is from Keras."""
    file = folder / "networks.html"
    script = f"{scripts.bundle(scripts.LIBRARY / 'network.js')}\nObject.assign(globalThis, {{ build, scores }});"
    file.write_text(f'{HEAD}<script type="module">{script}</script>', encoding="utf-8")
    images = np.stack([drawn.draw_one(drawn.PROTOTYPES[name], who) for who in range(3) for name in drawn.PROTOTYPES])
    rows = []
    page = browser.new_page()
    page.goto(file.as_uri())
    built = {"mini_xception, as shipped": models.pretrained()}
    built |= {
        name: shaken(models.build(name, seed=0)) for name in [*models.names(), *models.variants()][: few(None, 1)]
    }
    for name, model in built.items():
        found = page.evaluate(RUN, [describe(model), images.reshape(len(images), -1).tolist()])
        expected = model.predict(images[..., None], verbose=0)
        apart = np.abs(np.array([each["scores"] for each in found]) - expected).max()
        rows.append(
            (name, f"{model.count_params():,}", f"{apart:.0e}", f"{np.median([each['taken'] for each in found]):.0f}")
        )
        print(*rows[-1], flush=True)
    head = ("network", "parameters", "largest difference of a probability", "milliseconds per face")
    text = f"{len(images)} drawn faces; weights as shipped, or random ones with normalisations that matter."
    write_section("Networks in JavaScript", "python benchmarks/figures.py", text, head, rows)


def shaken(model):
    """Return a model whose biases and normalisations are not at their first values."""
    rng = np.random.default_rng(0)
    model.set_weights(
        [w + rng.uniform(0.05, 0.5, w.shape).astype("float32") if w.ndim == 1 else w for w in model.get_weights()]
    )
    return model


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=few(30, 5))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        figures(browser, Path(folder), options.steps)
        networks(browser, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
