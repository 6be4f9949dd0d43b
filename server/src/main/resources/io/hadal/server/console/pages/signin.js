/* Signing in: the provider of the organisation, or the local administrator. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { t } from "../i18n.js";
import { explain, form, notice, segments } from "../ui.js";

export async function show(place, { logo, app, language, entered }) {
  let oidc = false;
  try {
    oidc = Boolean((await api.session.methods())?.oidc);
  } catch {
    oidc = false;
  }
  const message = h("div");
  const made = form({
    fields: [
      { name: "name", label: t("signin.name"), required: true, more: { autocomplete: "username" } },
      { name: "password", type: "password", label: t("signin.password"), required: true, more: { autocomplete: "current-password" } },
    ],
    submit: t("signin.submit"),
    send: async ({ name, password }) => {
      message.replaceChildren();
      try {
        const answer = await api.session.signIn(name, password);
        api.protect(answer?.csrf_token);
      } catch (error) {
        const { title, remedy } = explain(error);
        put(message, error.status === 401 ? notice("bad", t("signin.wrong"), t("signin.wrong_help")) : notice("bad", title, remedy));
        return;
      }
      await entered();
    },
  });
  put(
    place,
    h(
      "main",
      { class: "signin" },
      h(
        "div",
        { class: "card" },
        h(
          "div",
          { class: "body stack" },
          h("div", { class: "mark" }, logo(), h("h1", t("signin.title"))),
          h("p", { class: "muted" }, t("signin.text")),
          oidc && h("a", { class: "button", href: api.session.oidc() }, t("signin.oidc")),
          oidc && h("p", { class: "or" }, h("span", t("signin.or"))),
          made.node,
          message,
          h("details", h("summary", t("signin.forgot")), h("p", { class: "small muted" }, t("signin.forgot_text")))
        )
      ),
      segments(t("settings.language"), [["en", "English"], ["zh", "中文"]], language, async (next) => {
        await app.useWords(next);
        await show(place, { logo, app, language: next, entered });
      })
    )
  );
  made.fields[0].control.focus();
}
