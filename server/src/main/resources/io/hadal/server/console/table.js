/* Tables: sortable, with pages, scrolling by themselves on narrow screens. */

import { h, icon, put, set } from "./dom.js";
import { button, problem } from "./ui.js";
import { t } from "./i18n.js";

/**
 * A table of rows. Columns: key, title, show(row) -> node or text, end (align right), sort(row) ->
 * value, first (the row's name). Options: name, rows, off(row), none (node when there are no rows).
 */
export function table({ name, columns, rows, none, off, sort }) {
  if (rows.length === 0 && none) {
    return none;
  }
  const body = h("tbody");
  let order = sort ?? null;
  const line = (row) =>
    h(
      "tr",
      { class: off?.(row) ? "off" : null },
      columns.map((c) => {
        const content = c.show ? c.show(row) : row[c.key] ?? "–";
        return c.first
          ? h("th", { scope: "row" }, content)
          : h("td", { class: c.actions ? "actions" : c.end ? "end" : null }, c.actions ? h("div", { class: "row" }, content) : content);
      })
    );
  const fill = () => {
    const sorted = [...rows];
    if (order) {
      const by = columns.find((c) => c.key === order.key).sort;
      sorted.sort((a, b) => compare(by(a), by(b)) * (order.down ? -1 : 1));
    }
    put(body, sorted.map(line));
  };
  const heads = columns.map((c) => {
    const node = h("th", { scope: "col", class: c.end ? "end" : null });
    if (c.sort) {
      node.append(
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              order = { key: c.key, down: order?.key === c.key ? !order.down : Boolean(c.end) };
              mark();
              fill();
            },
          },
          c.title,
          icon("down")
        )
      );
    } else {
      put(node, c.actions ? h("span", { class: "unseen" }, c.title) : c.title);
    }
    return node;
  });
  const mark = () =>
    heads.forEach((node, i) =>
      set(node, { "aria-sort": order?.key === columns[i].key ? (order.down ? "descending" : "ascending") : null })
    );
  mark();
  fill();
  const node = h(
    "div",
    { class: "scroll", role: "region", tabindex: "0", "aria-label": name },
    h("table", h("caption", { class: "unseen" }, name), h("thead", h("tr", heads)), body)
  );
  // A shadow says that there is more to the right.
  const edge = () => node.classList.toggle("cut-off", node.scrollLeft + node.clientWidth < node.scrollWidth - 1);
  node.addEventListener("scroll", edge, { passive: true });
  new ResizeObserver(edge).observe(node);
  return Object.assign(node, {
    add: (more) => {
      rows.push(...more);
      fill();
    },
  });
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") {
    return a - b;
  }
  return String(a ?? "").localeCompare(String(b ?? ""), undefined, { numeric: true });
}

/** A table whose rows come in pages from a list of the API. */
export async function pages({ list, query = {}, signal, ...options }) {
  const size = 50;
  const first = await list({ limit: size, ...query }, signal);
  const shown = table({ ...options, rows: first.data });
  let after = first.next;
  const place = h("div");
  const foot = () => {
    put(
      place,
      after &&
        h(
          "div",
          { class: "more" },
          button(t("show_more"), {
            small: true,
            onclick: async (e) => {
              e.currentTarget.disabled = true;
              try {
                const page = await list({ limit: size, ...query, after });
                after = page.next;
                shown.add(page.data);
                foot();
              } catch (error) {
                put(place, problem(error, foot));
              }
            },
          })
        )
    );
  };
  foot();
  return h("div", shown, place);
}
