// The products behind a sum, in rows as the kernel has them: pixel × weight, and beneath it what comes out.

import { make } from "./dom.js";

// `products`: [{ pixel, weight, product, outside }]; a large kernel has three lines in a cell, so that its table stays narrow.
export const productTable = (name, products, columns, words) => {
  const cell = ({ pixel, weight, product, outside }) => make("td", { style: "text-align:center;line-height:1.3;padding:.1rem .25rem" },
    ...(outside ? ["outside", make("br")] : []), ...(columns > 3 ? [words(pixel), make("br"), `× ${words(weight)}`] : [`${words(pixel)} × ${words(weight)}`]),
    make("br"), make("b", {}, `= ${words(product)}`));
  const rows = Array.from({ length: Math.ceil(products.length / columns) }, (_, i) => products.slice(i * columns, (i + 1) * columns));
  return make("table", { "aria-label": name, style: columns > 5 ? "font-size:11px" : "font-size:12.5px" }, ...rows.map((row) => make("tr", {}, ...row.map(cell))));
};
