/* Builds nodes. Text always becomes text nodes, so what users typed is never read as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** An element; parts are attributes (plain objects), nodes, text, lists of them, or nothing. */
export function h(name, ...parts) {
  return fill(document.createElement(name), parts);
}

/** An element of a drawing. */
export function svg(name, ...parts) {
  return fill(document.createElementNS(SVG, name), parts);
}

/** Puts other parts in place of what a node holds. */
export function put(node, ...parts) {
  node.replaceChildren();
  return fill(node, parts);
}

function fill(node, parts) {
  for (const part of parts) {
    if (part === null || part === undefined || part === false || part === "") {
      continue;
    }
    if (Array.isArray(part)) {
      fill(node, part);
    } else if (part instanceof Node) {
      node.append(part);
    } else if (typeof part === "object") {
      set(node, part);
    } else {
      node.append(String(part));
    }
  }
  return node;
}

/** Sets attributes; on... adds listeners, false and null leave an attribute away. */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) {
      node.removeAttribute(name);
    } else if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value);
    } else if (name === "value" || name === "checked" || name === "indeterminate") {
      node[name] = value;
    } else {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  return node;
}

/** Changes text only when it is another, so that nothing flickers and nothing is read out twice. */
export function say(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

let ids = 0;

/** An id that no other node has. */
export function id(prefix = "x") {
  ids += 1;
  return `${prefix}-${ids}`;
}

/* Strokes of 24 by 24 icons. */
const STROKES = {
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-4H4zM14 8h6V4h-6z",
  play: "M5 5h14v10H9l-4 4zM9 9h6M9 12h4",
  projects: "M4 7l8-3 8 3-8 3zM4 12l8 3 8-3M4 17l8 3 8-3",
  keys: "M14.500 9.500a4.500 4.500 0 1 0-4 4.480L12 15.500h2v2h2v2h4v-3.500l-5.700-5.700c.13-.26.2-.53.2-.8zM8.500 8.500h.01",
  budgets: "M4 19a9 9 0 1 1 16 0M12 14l4-5M8 19h8",
  usage: "M4 4v16h16M8 16v-4M12 16V8M16 16v-6",
  requests: "M4 6h10M8 12h12M6 18h8",
  models: "M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.500 8-4.500M12 12v9",
  routes: "M6 5a2 2 0 1 0 .01 0M18 15a2 2 0 1 0 .01 0M6 9v6a4 4 0 0 0 4 4h6M6 9c0 3 2 4 5 4h2a5 5 0 0 0 5-5V5M15 7l3-3 3 3",
  audit: "M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5",
  privacy: "M12 3l7 3v5c0 5-3 8.500-7 10-4-1.500-7-5-7-10V6zM9 12l2 2 4-4",
  people: "M9 11a3.500 3.500 0 1 0-.01 0M3 20c0-4 2.500-6 6-6s6 2 6 6M16 4.500a3.500 3.500 0 0 1 0 6.500M17.500 14.500c2.300.7 3.500 2.500 3.500 5.500",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  billing: "M4 6h16v12H4zM4 10h16M8 14.500h3",
  capacity: "M4 18l5-6 4 3 7-9M15 6h5v5",
  engine: "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 12.500l4.500 4.500L19 7.500",
  warn: "M12 4l9 16H3zM12 10v4M12 17h.01",
  info: "M12 3a9 9 0 1 0 .01 0M12 11v5M12 8h.01",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
  out: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  sun: "M12 8a4 4 0 1 0 .01 0M12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600L7 7M17 17l1.400 1.400M5.600 18.400L7 17M17 7l1.400-1.400",
  moon: "M19 14.500A7.500 7.500 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500z",
  refresh: "M19 8a8 8 0 1 0 1 6M20 4v5h-5",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  search: "M10.500 4.500a6 6 0 1 0 .01 0M15 15l5 5",
  stop: "M7 7h10v10H7z",
  send: "M4 12l16-7-6 15-3-6z",
};

/** A drawing beside text; it says nothing by itself. */
export function icon(name) {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: STROKES[name] ?? STROKES.info })
  );
}
