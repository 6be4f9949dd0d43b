
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const info = JSON.parse(byId("info").textContent);
  const spans = Array.from(document.querySelectorAll(".t"));
  const data = [];
  for (const block of document.querySelectorAll("script.d")) {
    for (const token of JSON.parse(block.textContent)) {
      data.push(token);
    }
  }
  // Places in a layer's list of figures.
  const EXPERTS = 0, WEIGHTS = 1, VISIBLE = 2, ENTRIES = 3, GATES = 4, CHANNELS = 5;
  const text = byId("text");
  const [quantity, layer, part] = ["quantity", "layer", "part"].map(byId);
  const number = (v) => (Number.isInteger(v) ? `${v}` : Math.abs(v) < 0.01 ? v.toExponential(1) : v.toFixed(3));
  let chosen = -1;

  const figures = (token, place) => data[token][1][place];

  /** Chosen entries of a token as [first, last] pairs; all visible ones where nothing is chosen. */
  function runs(token, place) {
    const own = figures(token, place);
    let entries = own[ENTRIES];
    if (typeof entries === "number") {
      entries = figures(token, entries)[ENTRIES];
    }
    if (entries === null) {
      return own[VISIBLE] > 0 && info.layers[place].ratio > 0 ? [[0, own[VISIBLE] - 1]] : [];
    }
    return entries === "" ? [] : entries.split(",").map((run) => {
      const ends = run.split("-").map(Number);
      return [ends[0], ends[ends.length - 1]];
    });
  }

  const count = (list) => list.reduce((sum, run) => sum + run[1] - run[0] + 1, 0);

  /** For every token, how many tokens attend to the entry that it went into. */
  function readers(place) {
    const ratio = info.layers[place].ratio;
    const change = new Array(Math.floor(data.length / ratio) + 2).fill(0);
    data.forEach((_, token) => {
      for (const [first, last] of runs(token, place)) {
        change[first]++;
        change[last + 1]--;
      }
    });
    let sum = 0;
    const entries = change.map((c) => (sum += c));
    return data.map((_, token) => entries[Math.floor(token / ratio)]);
  }

  const hue = (expert) => (expert * 137.508 + 20) % 360;
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  const compressed = (l) => l.ratio > 0;
  const all = () => true;
  const withEngram = (l) => l.engram;

  // name, layers it exists in, parts to choose from, value of a token, fixed top of the scale.
  const quantities = {
    gate: {
      name: "Engram gate", layers: withEngram, part: "Stream",
      parts: () => [["mean", "all, mean"], ...Array.from({length: info.streams}, (_, i) => [i, `${i}`])],
      values: (place, p) => data.map((_, t) => {
        const gates = figures(t, place)[GATES];
        return p === "mean" ? mean(gates) : gates[+p];
      }),
      top: 1,
    },
    channel: {
      name: "Engram channel, looked-up RMS", layers: withEngram, part: "Channel",
      parts: () => info.channels.map((name, i) => [i, name]),
      values: (place, p) => data.map((_, t) => figures(t, place)[CHANNELS][+p]),
    },
    expert: {name: "Strongest expert", layers: all},
    weight: {
      name: "Weight of one expert", layers: all, part: "Expert",
      parts: (place) => Array.from({length: info.layers[place].experts}, (_, i) => [i, `${i}`]),
      values: (place, p) => data.map((_, t) => {
        const at = figures(t, place)[EXPERTS].indexOf(+p);
        return at < 0 ? 0 : figures(t, place)[WEIGHTS][at];
      }),
    },
    entries: {
      name: "Attended compressed entries", layers: compressed,
      values: (place) => data.map((_, t) => count(runs(t, place))),
    },
    readers: {
      name: "Tokens that attend to this one's entry", layers: compressed,
      values: readers,
    },
    none: {name: "nothing", layers: () => false},
  };

  function element(tag, text, name) {
    const e = document.createElement(tag);
    if (text !== undefined) {
      e.textContent = text;
    }
    if (name) {
      e.className = name;
    }
    return e;
  }

  function fill(select, options, keep) {
    select.replaceChildren(...options.map(([value, text]) => {
      const option = element("option", text);
      option.value = value;
      return option;
    }));
    if (options.some(([value]) => `${value}` === keep)) {
      select.value = keep;
    }
  }

  function show() {
    const q = quantities[quantity.value];
    const places = info.layers.map((l, i) => [i, `${l.layer} (${l.kind})`]).filter(([i]) => q.layers(info.layers[i]));
    fill(layer, places, layer.value);
    byId("layer-label").hidden = places.length === 0;
    const parts = q.parts && places.length ? q.parts(+layer.value) : [];
    fill(part, parts, part.value);
    byId("part-label").hidden = parts.length === 0;
    byId("part-name").textContent = q.part || "";
    paint(q);
    choose(chosen);
  }

  function paint(q) {
    const legend = byId("legend");
    legend.replaceChildren();
    spans.forEach((s) => (s.style.background = ""));
    if (quantity.value === "expert") {
      paintExperts(legend);
    } else if (q.values) {
      const values = q.values(+layer.value, part.value);
      const top = q.top || values.reduce((a, b) => Math.max(a, b), 0);
      spans.forEach((s, i) => {
        const share = top > 0 ? Math.min(1, values[i] / top) : 0;
        s.style.background = `rgb(var(--heat) / calc(${share.toFixed(3)} * var(--heat-max)))`;
        s.title = `${q.name}: ${number(values[i])}`;
      });
      legend.append("0", element("span", "", "bar"), element("span", number(top)));
      legend.append(element("span", `min ${number(values.reduce((a, b) => Math.min(a, b)))}, mean ${number(mean(values))}, max ${number(values.reduce((a, b) => Math.max(a, b), 0))}`));
    } else {
      spans.forEach((s) => s.removeAttribute("title"));
    }
  }

  function paintExperts(legend) {
    const uses = new Map();
    spans.forEach((s, i) => {
      const [experts, weights] = figures(i, +layer.value);
      if (experts.length === 0) {
        // A dense layer has nothing to choose.
        s.removeAttribute("style");
        s.removeAttribute("title");
        return;
      }
      const share = weights[0] / weights.reduce((a, b) => a + b, 0);
      s.style.background = `hsl(${hue(experts[0])} 75% var(--hue-l) / ${(0.15 + 0.65 * share).toFixed(3)})`;
      s.title = `expert ${experts[0]}: ${number(weights[0])}`;
      uses.set(experts[0], (uses.get(experts[0]) || 0) + 1);
    });
    const sorted = [...uses].sort((a, b) => b[1] - a[1]);
    for (const [expert, n] of sorted.slice(0, 12)) {
      const swatch = element("span", `${expert} × ${n}`, "swatch");
      swatch.style.background = `hsl(${hue(expert)} 75% var(--hue-l) / .6)`;
      legend.append(swatch);
    }
    if (sorted.length > 12) {
      legend.append(element("span", `and ${sorted.length - 12} more`));
    }
  }

  /** A line of the details: a name, then values. */
  function line(name, ...values) {
    const row = element("div");
    const list = element("div");
    list.append(...values);
    row.append(element("b", name), list);
    return row;
  }

  function gauge(label, value) {
    const out = element("span", `${label}${number(value)}`, "value");
    const bar = element("span", "", "gauge");
    const inner = element("span");
    inner.style.width = `${Math.round(100 * Math.min(1, Math.max(0, value)))}%`;
    bar.append(inner);
    out.append(bar);
    return out;
  }

  function attended(token, place) {
    const l = info.layers[place];
    const near = `window ${Math.min(token + 1, info.window)}`;
    if (l.ratio === 0) {
      return near;
    }
    const list = runs(token, place);
    const visible = figures(token, place)[VISIBLE];
    if (figures(token, place)[ENTRIES] === null) {
      return `${near}; all ${visible} entries`;
    }
    const names = list.map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`)).join(" ");
    return `${near}; ${count(list)} of ${visible} entries${names ? ": " + names : ""}`;
  }

  function details(token) {
    const box = byId("details");
    const text = spans[token].textContent;
    box.replaceChildren(
      element("h2", text.trim() === "" ? JSON.stringify(text) : text.replaceAll("\n", "")),
      element("p", `token ${token} of ${data.length}, id ${data[token][0]}`));
    const key = element("p", "In the text: ");
    key.append(element("span", "its window", "near"));
    if (layer.value !== "" && info.layers[+layer.value].ratio > 0) {
      key.append(", ", element("span", `what it attends to in layer ${info.layers[+layer.value].layer}`, "far"));
    }
    box.append(key);
    info.layers.forEach((l, place) => {
      const own = figures(token, place);
      const section = element("section");
      section.classList.toggle("on", `${place}` === layer.value);
      section.append(element("h3", `Layer ${l.layer} · ${l.kind}${l.engram ? " · engram" : ""}`));
      section.append(line("experts", ...own[EXPERTS].map((e, i) => element("span", `${e}: ${number(own[WEIGHTS][i])}`, "value"))));
      section.append(line("attends to", element("span", attended(token, place), "value")));
      if (own[GATES]) {
        section.append(line("gates", ...own[GATES].map((g) => gauge("", g))));
        section.append(line("looked up", ...own[CHANNELS].map((c, i) => element("span", `${info.channels[i]} ${number(c)}`, "value"))));
      }
      box.append(section);
    });
    box.hidden = false;
  }

  function choose(token) {
    for (const s of text.querySelectorAll(".sel, .far, .near")) {
      s.classList.remove("sel", "far", "near");
    }
    chosen = token;
    if (token < 0) {
      return;
    }
    spans[token].classList.add("sel");
    for (let i = Math.max(0, token + 1 - info.window); i < token; i++) {
      spans[i].classList.add("near");
    }
    const place = +layer.value;
    const l = info.layers[place];
    if (layer.value !== "" && l.ratio > 0) {
      for (const [first, last] of runs(token, place)) {
        for (let i = first * l.ratio; i < (last + 1) * l.ratio && i < spans.length; i++) {
          spans[i].classList.add("far");
        }
      }
    }
    details(token);
  }

  text.addEventListener("click", (event) => {
    const span = event.target.closest(".t");
    if (span) {
      choose(spans.indexOf(span));
    }
  });
  text.addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10}[event.key];
    if (step && spans.length) {
      event.preventDefault();
      choose(Math.min(spans.length - 1, Math.max(0, chosen + step)));
      spans[chosen].scrollIntoView({block: "nearest"});
    }
  });
  for (const select of [quantity, layer, part]) {
    select.addEventListener("change", show);
  }
  byId("controls").addEventListener("submit", (event) => event.preventDefault());

  const usable = Object.entries(quantities).filter(([key, q]) => key === "none" || info.layers.some(q.layers));
  fill(quantity, usable.map(([key, q]) => [key, q.name]), "");
  byId("controls").hidden = false;
  choose(spans.length - 1);
  show();
})();
