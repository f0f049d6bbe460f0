// A host for figures in a page without a kernel: it gives a figure's `render` what anywidget gives it, a model and an element.

// A model as anywidget's, whose traits are those that Python wrote into the page.
export const makeModel = (traits) => {
  const values = { ...traits };
  const listeners = new Map();
  const emit = (event) => [...(listeners.get(event) ?? [])].forEach((listener) => listener());
  return {
    get: (name) => values[name],
    set: (name, value) => {
      if (JSON.stringify(values[name]) === JSON.stringify(value)) return;
      values[name] = value;
      emit(`change:${name}`);
      emit("change");
    },
    save_changes: () => {},
    send: () => {},
    on: (event, listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    off: (event, listener) => listeners.set(event, (listeners.get(event) ?? []).filter((each) => each !== listener)),
  };
};

// Large traits stand once in a page, however many figures use them: { "shared": name } stands for them.
const resolve = (traits) => Object.fromEntries(Object.entries(traits).map(([name, value]) => {
  const element = value?.shared && document.getElementById(value.shared);
  return [name, element ? JSON.parse(element.textContent) : value];
}));

// Brings to life all figures of this name that still are pictures. The picture stays for print and for browsers without scripts.
export const mountAll = (name, { render }) => {
  for (const place of document.querySelectorAll(`[data-fer-figure="${name}"]:not([data-live])`)) {
    place.dataset.live = "true";
    const model = makeModel(resolve(JSON.parse(place.querySelector("script.fer-traits").textContent)));
    const el = document.createElement("div");
    render({ model, el });
    place.append(el);
    place.querySelector(".fer-still").hidden = true;
    place.figure = model; // for tests and the curious: document.querySelector("[data-fer-figure]").figure.get("…")
  }
};
