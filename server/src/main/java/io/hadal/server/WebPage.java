package io.hadal.server;

import io.hadal.server.wire.Call;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** The page at {@code /}: three files of this module, without requests to other places. */
final class WebPage {
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private WebPage() {}

  static void add(Routes routes) {
    Map<String, String> types = new LinkedHashMap<>();
    types.put("index.html", "text/html; charset=utf-8");
    types.put("page.css", "text/css; charset=utf-8");
    types.put("page.js", "text/javascript; charset=utf-8");
    types.forEach(
        (name, type) -> {
          byte[] content = content(name);
          routes.addOpen(
              "GET",
              "page",
              call -> send(call, type, content),
              name.equals("index.html") ? "/" : "/" + name);
        });
  }

  private static void send(Call call, String type, byte[] content) {
    call.exchange().setHeader("content-security-policy", POLICY);
    call.exchange().setHeader("x-content-type-options", "nosniff");
    call.exchange().setHeader("referrer-policy", "no-referrer");
    call.exchange().send(200, type, content);
  }

  private static byte[] content(String name) {
    try (InputStream in =
        Objects.requireNonNull(WebPage.class.getResourceAsStream("page/" + name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
