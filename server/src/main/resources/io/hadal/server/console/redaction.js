/* What a policy says about redaction: fields of a form, what a table shows, detectors for a trial. */

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { badge } from "./ui.js";

export const MODES = ["off", "detect", "pseudonymise", "mask", "block"];
const ANSWERS = ["off", "detect", "mask", "block"];
const KINDS = ["EMAIL", "PHONE", "CARD", "IBAN", "SSN", "IP", "DATE_OF_BIRTH", "MEDICAL_RECORD", "SECRET"];
const KIND = /^[A-Z][A-Z0-9_]*$/;

/** The name of a kind; own ones are called as their owner called them. */
export const kind = (name) => (KINDS.includes(name) ? t(`detector.${name.toLowerCase()}`) : name);

/** Lists by kind as lines of "KIND: text", and back; null when a line is of another form. */
const lines = (lists) => Object.entries(lists ?? {}).flatMap(([name, list]) => list.map((one) => `${name}: ${one}`)).join("\n");

function lists(text) {
  const found = {};
  for (const line of text.split("\n").map((l) => l.trim()).filter(Boolean)) {
    const at = line.indexOf(":");
    const name = line.slice(0, Math.max(0, at)).trim();
    const value = line.slice(at + 1).trim();
    if (!KIND.test(name) || !value) {
      return null;
    }
    (found[name] ??= []).push(value);
  }
  return found;
}

/** Fields of a form for a policy. */
export function fields(p) {
  const line = (v) => (lists(v) === null ? t("redaction.line_wrong") : null);
  return [
    { name: "redaction", label: t("redaction.requests"), type: "select", value: p.redaction ?? "off", options: MODES.map((m) => [m, t(`redaction.${m}`)]), help: t("redaction.requests_help") },
    { name: "redaction_answers", label: t("redaction.answers"), type: "select", value: p.redaction_answers ?? "off", options: ANSWERS.map((m) => [m, t(`redaction.${m}`)]), help: t("redaction.answers_help") },
    { name: "redaction_detectors", label: t("redaction.detectors"), type: "checks", wide: true, required: true, value: p.redaction_detectors ?? KINDS, options: KINDS.map((k) => [k, kind(k)]), help: t("redaction.detectors_help") },
    { name: "redaction_patterns", label: t("redaction.patterns"), type: "area", code: true, wide: true, optional: true, rows: 2, value: lines(p.redaction_patterns), help: t("redaction.patterns_help"), check: line, more: { placeholder: "TICKET: ABC-\\d{4,6}", spellcheck: "false" } },
    { name: "redaction_words", label: t("redaction.words"), type: "area", code: true, wide: true, optional: true, rows: 2, value: lines(p.redaction_words), help: t("redaction.words_help"), check: line, more: { placeholder: t("redaction.words_example"), spellcheck: "false" } },
  ];
}

/** What the fields say, for the API; an empty list of detectors means all. */
export function values(v) {
  return {
    redaction: v.redaction,
    redaction_answers: v.redaction_answers,
    redaction_detectors: v.redaction_detectors.length === KINDS.length ? [] : v.redaction_detectors,
    redaction_patterns: lists(v.redaction_patterns),
    redaction_words: lists(v.redaction_words),
  };
}

/** A policy's redaction in a cell. */
export function summary(p) {
  const on = (mode) => mode && mode !== "off";
  const own = [...new Set([...Object.keys(p.redaction_patterns ?? {}), ...Object.keys(p.redaction_words ?? {})])];
  const only = p.redaction_detectors?.length > 0 && (on(p.redaction) || on(p.redaction_answers));
  return [
    on(p.redaction) ? badge(t(`redaction.${p.redaction}`), "info", true) : h("span", { class: "muted" }, t("redaction.off")),
    on(p.redaction_answers) && h("span", { class: "sub" }, t("redaction.in_answers", { mode: t(`redaction.${p.redaction_answers}`) })),
    only && h("span", { class: "sub" }, t("redaction.only", { kinds: p.redaction_detectors.map(kind).join(", ") })),
    own.length > 0 && h("span", { class: "sub" }, t("redaction.own", { kinds: own.join(", ") })),
  ];
}

/** Own patterns and words of policies, as a trial takes them. */
export function detectors(policies) {
  return policies.flatMap((p) => [
    ...Object.entries(p?.redaction_patterns ?? {}).flatMap(([name, list]) => list.map((pattern) => ({ kind: name, pattern }))),
    ...Object.entries(p?.redaction_words ?? {}).map(([name, words]) => ({ kind: name, words })),
  ]);
}
