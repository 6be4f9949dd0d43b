/* Charts over time, drawn at the size of their place and changed where they stand. */

import { h, id, put, say, set, svg } from "./dom.js";
import { tick, when } from "./format.js";
import { t } from "./i18n.js";

const LEFT = 58;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 24;
export const MOST_SERIES = 7;

/** A round number at or above a value, and the step between lines. */
function scale(top) {
  if (!(top > 0)) {
    return { top: 1, step: 2 };
  }
  const size = 10 ** Math.floor(Math.log10(top / 4));
  const step = [1, 2, 2.5, 5, 10].map((f) => f * size).find((s) => s * 4 >= top * 0.999);
  return { top: step * Math.ceil((top / step) * 0.999), step };
}

/**
 * A chart. `update({times, series: [{name, values}]})` draws; times are milliseconds since 1970, all
 * series have as many values. Kinds: line, area (one series), columns (stacked).
 */
export function chart({ label, format, kind = "line", height = 220, pick }) {
  const drawing = svg("svg", { class: "chart", role: "img", tabindex: "0", height, "aria-label": label });
  const grid = svg("g", { class: "grid" });
  const marks = svg("g");
  const pointer = svg("g", { class: "pointer" });
  drawing.append(grid, marks, pointer);
  const legend = h("ul", { class: "legend" });
  const tip = h("div", { class: "tip", hidden: true });
  const spoken = h("p", { class: "unseen", "aria-live": "polite", id: id("point") });
  const node = h("figure", { class: "plot" }, h("div", { class: "canvas" }, drawing, tip), legend, spoken);
  let data = { times: [], series: [] };
  let width = 0;
  let at = null;

  const inner = () => Math.max(10, width - LEFT - RIGHT);
  const slot = () => inner() / Math.max(1, data.times.length);
  const x = (i) =>
    kind === "columns"
      ? LEFT + slot() * (i + 0.5)
      : LEFT + (data.times.length < 2 ? 0 : (inner() * i) / (data.times.length - 1));
  let y = () => 0;

  function draw() {
    if (width === 0) {
      return;
    }
    set(drawing, { width, viewBox: `0 0 ${width} ${height}` });
    const { times, series } = data;
    const tops =
      kind === "columns"
        ? times.map((_, i) => series.reduce((sum, s) => sum + (s.values[i] ?? 0), 0))
        : series.flatMap((s) => s.values.filter((v) => v !== null));
    const { top, step } = scale(tops.reduce((most, v) => Math.max(most, v), 0));
    const floor = height - BOTTOM;
    y = (v) => floor - ((floor - TOP) * v) / top;
    put(grid);
    for (let v = 0; v <= top * 1.001; v += step) {
      grid.append(
        svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(v), y2: y(v), class: v === 0 ? "base" : null }),
        svg("text", { x: LEFT - 8, y: y(v) + 4, "text-anchor": "end" }, format(v))
      );
    }
    const span = times.length > 1 ? times[times.length - 1] - times[0] : 0;
    const places = Math.max(1, Math.min(6, Math.floor(inner() / 110), times.length - 1));
    for (let n = 0; n <= places && times.length > 1; n += 1) {
      const i = Math.round(((times.length - 1) * n) / places);
      const anchor = kind === "columns" ? "middle" : n === 0 ? "start" : n === places ? "end" : "middle";
      grid.append(svg("text", { x: x(i), y: height - 6, "text-anchor": anchor }, tick(times[i], span)));
    }
    put(marks);
    if (kind === "columns") {
      columns(times, series);
    } else {
      lines(times, series, floor);
    }
    put(
      legend,
      series.length > 1 && series.map((s, i) => h("li", { class: `c${(i % MOST_SERIES) + 1}` }, s.name))
    );
    legend.hidden = series.length < 2;
    set(drawing, { "aria-label": `${label}. ${summary()}` });
    point(at, false);
  }

  function columns(times, series) {
    const room = slot();
    const wide = Math.max(1, room - Math.min(4, room * 0.25));
    times.forEach((_, i) => {
      let base = 0;
      series.forEach((s, n) => {
        const value = s.values[i] ?? 0;
        if (value > 0) {
          const from = y(base);
          base += value;
          marks.append(
            svg("rect", {
              x: x(i) - wide / 2,
              y: y(base),
              width: wide,
              height: Math.max(0.5, from - y(base)),
              class: `fill c${(n % MOST_SERIES) + 1}`,
            })
          );
        }
      });
    });
  }

  function lines(times, series, floor) {
    series.forEach((s, n) => {
      let path = "";
      let begun = false;
      let first = 0;
      let last = 0;
      s.values.forEach((v, i) => {
        if (v === null || v === undefined) {
          begun = false;
          return;
        }
        path += `${begun ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
        first = path.length < 16 ? x(i) : first;
        last = x(i);
        begun = true;
      });
      const tone = `c${(n % MOST_SERIES) + 1}`;
      if (kind === "area" && path && !s.values.includes(null)) {
        marks.append(svg("path", { class: `under ${tone}`, d: `${path}L${last} ${floor}L${first} ${floor}Z` }));
      }
      marks.append(svg("path", { class: `line ${tone}`, d: path }));
      // A point without neighbours makes no line.
      s.values.forEach((v, i) => {
        const alone = (at) => s.values[at] === null || s.values[at] === undefined;
        if (!alone(i) && alone(i - 1) && alone(i + 1)) {
          marks.append(svg("circle", { cx: x(i), cy: y(v), r: 3, class: `fill ${tone}` }));
        }
      });
    });
  }

  function summary() {
    return data.series
      .slice(0, MOST_SERIES)
      .map((s) => {
        const values = s.values.filter((v) => v !== null && v !== undefined);
        return values.length === 0
          ? `${s.name}: –`
          : `${s.name}: ${t("chart.summary", { last: format(values[values.length - 1]), least: format(Math.min(...values)), most: format(Math.max(...values)) })}`;
      })
      .join("; ");
  }

  function point(i, aloud) {
    put(pointer);
    tip.hidden = i === null || i >= data.times.length;
    if (tip.hidden) {
      return;
    }
    pointer.append(svg("line", { x1: x(i), x2: x(i), y1: TOP, y2: height - BOTTOM }));
    const rows = data.series
      .map((s, n) => ({ name: s.name, value: s.values[i], tone: `c${(n % MOST_SERIES) + 1}` }))
      .filter((r) => r.value !== null && r.value !== undefined && (kind !== "columns" || r.value > 0));
    if (kind !== "columns") {
      rows.forEach((r) => pointer.append(svg("circle", { cx: x(i), cy: y(r.value), r: 3.5, class: `fill ${r.tone}` })));
    }
    put(
      tip,
      h("b", when(data.times[i])),
      rows.map((r) => h("span", { class: r.tone }, h("i"), r.name, h("em", format(r.value))))
    );
    const right = x(i) > width / 2;
    tip.style.left = right ? "auto" : `${x(i) + 12}px`;
    tip.style.right = right ? `${width - x(i) + 12}px` : "auto";
    if (aloud) {
      say(spoken, `${when(data.times[i])}: ${rows.map((r) => `${r.name} ${format(r.value)}`).join(", ")}`);
    }
  }

  function nearest(event) {
    const px = event.clientX - drawing.getBoundingClientRect().left;
    const i = kind === "columns" ? Math.floor((px - LEFT) / slot()) : Math.round(((px - LEFT) / inner()) * (data.times.length - 1));
    return data.times.length === 0 ? null : Math.max(0, Math.min(data.times.length - 1, i));
  }

  drawing.addEventListener("pointermove", (e) => {
    at = nearest(e);
    point(at, false);
  });
  drawing.addEventListener("pointerleave", () => {
    at = null;
    point(null, false);
  });
  drawing.addEventListener("blur", () => {
    at = null;
    point(null, false);
  });
  if (pick) {
    drawing.classList.add("pick");
    drawing.addEventListener("click", (e) => {
      const i = nearest(e);
      if (i !== null) {
        pick(i);
      }
    });
  }
  drawing.addEventListener("keydown", (e) => {
    const last = data.times.length - 1;
    const next = { ArrowLeft: (at ?? last + 1) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: last }[e.key];
    if (next !== undefined && last >= 0) {
      e.preventDefault();
      at = Math.max(0, Math.min(last, next));
      point(at, true);
    } else if (e.key === "Enter" && pick && at !== null) {
      pick(at);
    } else if (e.key === "Escape") {
      at = null;
      point(null, false);
    }
  });
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now !== width) {
      width = now;
      draw();
    }
  }).observe(node.querySelector(".canvas"));

  return {
    node,
    update(next) {
      data = next;
      draw();
    },
  };
}

/** A small line without axes, beside a number that says the same. */
export function spark() {
  const path = svg("path", { class: "line c1" });
  const node = svg("svg", { class: "spark", viewBox: "0 0 76 30", "aria-hidden": "true" }, path);
  return {
    node,
    update(values) {
      const most = Math.max(1e-12, ...values);
      const step = 74 / Math.max(1, values.length - 1);
      set(path, {
        d: values.map((v, i) => `${i ? "L" : "M"}${(1 + i * step).toFixed(1)} ${(28 - (26 * v) / most).toFixed(1)}`).join(""),
      });
    },
  };
}

/** A bar that shows a share of one; `held` is a second share behind it. */
export function meter(share, { held = 0, tone = "", label } = {}) {
  const bound = (v) => `${Math.max(0, Math.min(100, 100 * v)).toFixed(1)}%`;
  const used = h("i");
  used.style.width = bound(share);
  const kept = h("i", { class: "held" });
  kept.style.width = bound(Math.min(held, 1 - Math.min(1, share)));
  return h("div", { class: `meter ${tone}`, role: "img", "aria-label": label ?? bound(share) }, used, held > 0 && kept);
}
