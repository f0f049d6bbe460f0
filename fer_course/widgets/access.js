// What the controls beside it lack for people without a mouse or without a screen.
// Names: ipywidgets names its menus, but not the handles of its sliders, nor the numbers that can be typed in their place.
// Keys: JupyterLab takes the arrows and Enter for itself, even while a menu or a button has the focus.

const CONTROLS = ".fer-controls"; // the box of `fer_course.widgets.explore`

const freeAll = (box) => {
  // On the element itself: JupyterLab looks no further once its own rule fits what has the focus.
  for (const control of box.querySelectorAll("select, button, input, [role=slider]"))
    control.setAttribute("data-lm-suppress-shortcuts", "true");
};

const nameAll = (box) => {
  for (const slider of box.querySelectorAll(".widget-slider")) {
    const name = slider.querySelector(".widget-label")?.textContent.trim();
    if (!name) continue;
    for (const handle of slider.querySelectorAll("[role=slider], .ui-slider-handle")) handle.setAttribute("aria-label", name);
    for (const number of slider.querySelectorAll(".widget-readout")) {
      number.setAttribute("role", "textbox");
      number.setAttribute("aria-label", `${name}, typed`);
    }
  }
};

function render({ el }) {
  let gone = false;
  const equip = (box) => {
    freeAll(box);
    nameAll(box);
  };
  const observer = new MutationObserver(() => equip(el.closest(CONTROLS) ?? el));
  const begin = () => {
    const box = el.closest(CONTROLS);
    if (gone) return;
    if (!box) return requestAnimationFrame(begin); // not in the page yet
    equip(box);
    observer.observe(box, { childList: true, subtree: true });
  };
  begin();
  return () => {
    gone = true;
    observer.disconnect();
  };
}

export default { render };
