/* Words of the language in use. */

const LANGUAGES = ["en", "zh"];
const PARTS = ["shell", "manage", "observe", "trials"];
let words = {};
let current = "en";

/** The language that was chosen, or that the browser asks for. */
export function wanted() {
  const chosen = localStorage.getItem("hadal.language");
  if (LANGUAGES.includes(chosen)) {
    return chosen;
  }
  return navigator.language.startsWith("zh") ? "zh" : "en";
}

/** Loads a language; the page has to be drawn again. */
export async function learn(language) {
  const files = await Promise.all(
    PARTS.map(async (part) => {
      const answer = await fetch(new URL(`lang/${language}-${part}.json`, import.meta.url));
      if (!answer.ok) {
        throw new Error(`No words for ${language}.`);
      }
      return answer.json();
    })
  );
  words = Object.assign({}, ...files);
  current = language;
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** Keeps the choice in this browser. */
export function choose(language) {
  localStorage.setItem("hadal.language", language);
}

export function language() {
  return current;
}

/** The text of a key, with {names} replaced. */
export function t(key, values) {
  const text = words[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : text;
}

/** The name of a value of a known set, such as an outcome; unknown ones stay as they are. */
export function named(group, value) {
  if (value === null || value === undefined || value === "") {
    return t("none");
  }
  return words[`${group}.${String(value).toLowerCase()}`] ?? String(value);
}
