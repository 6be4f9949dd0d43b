package io.hadal.server.console;

import io.hadal.formats.Sha256;
import io.hadal.server.http.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The web console below {@code /console} (platform specification, 2.13): a page and its parts,
 * whose addresses hold a hash of all of them, so that browsers may keep the parts for ever.
 */
public final class Console {
  /** Where the console is. */
  public static final String PATH = "/console";

  /** Parts beside the page; nothing else is ever read. */
  static final List<String> FILES =
      List.of(
          "api.js",
          "app.js",
          "base.css",
          "chart.js",
          "dialects.js",
          "dom.js",
          "figures.js",
          "format.js",
          "i18n.js",
          "icon.svg",
          "lang/en-manage.json",
          "lang/en-observe.json",
          "lang/en-shell.json",
          "lang/en-trials.json",
          "lang/zh-manage.json",
          "lang/zh-observe.json",
          "lang/zh-shell.json",
          "lang/zh-trials.json",
          "pages.css",
          "pages/audit.js",
          "pages/billing.js",
          "pages/budgets.js",
          "pages/capacity.js",
          "pages/clients.js",
          "pages/engine.js",
          "pages/keys.js",
          "pages/models.js",
          "pages/overview.js",
          "pages/people.js",
          "pages/playground.js",
          "pages/privacy.js",
          "pages/projects.js",
          "pages/quality.js",
          "pages/requests.js",
          "pages/routes.js",
          "pages/settings.js",
          "pages/signin.js",
          "pages/usage.js",
          "parts.css",
          "reconcile.js",
          "redaction.js",
          "table.js",
          "tenancy.js",
          "ui.js");

  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final Map<String, String> TYPES =
      Map.of(
          "css", "text/css; charset=utf-8",
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "svg", "image/svg+xml");

  /** Of a year: what a part holds never changes at its address. */
  private static final String FOR_EVER = "public, max-age=31536000, immutable";

  private final Map<String, Part> parts = new LinkedHashMap<>();

  /** A file as it is sent. */
  private static final class Part {
    private final String type;
    private final byte[] content;
    private final String tag;
    private final String caching;

    Part(String type, byte[] content, String tag, String caching) {
      this.type = type;
      this.content = content;
      this.tag = tag;
      this.caching = caching;
    }
  }

  /** Reads all files of the console. */
  public Console() {
    MessageDigest all = Sha256.digest();
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (String name : FILES) {
      byte[] content = read(name);
      files.put(name, content);
      all.update(name.getBytes(StandardCharsets.UTF_8));
      all.update(content);
    }
    String version = HexFormat.of().formatHex(Arrays.copyOf(all.digest(), 8));
    byte[] page =
        new String(read("index.html"), StandardCharsets.UTF_8)
            .replace("%VERSION%", version)
            .getBytes(StandardCharsets.UTF_8);
    parts.put(PATH, part("index.html", page, "no-cache"));
    files.forEach(
        (name, content) ->
            parts.put(PATH + "/" + version + "/" + name, part(name, content, FOR_EVER)));
  }

  private static Part part(String name, byte[] content, String caching) {
    String type =
        Objects.requireNonNull(TYPES.get(name.substring(name.lastIndexOf('.') + 1)), name);
    String hash = HexFormat.of().formatHex(Arrays.copyOf(Sha256.digest().digest(content), 16));
    return new Part(type, content, "\"" + hash + "\"", caching);
  }

  private static byte[] read(String name) {
    try (InputStream in = Objects.requireNonNull(Console.class.getResourceAsStream(name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All paths that are answered, to GET and HEAD; others do not exist. */
  public Set<String> paths() {
    return Set.copyOf(parts.keySet());
  }

  /**
   * Answers a request for one of the {@link #paths}.
   *
   * @param path the path without a slash at its end
   */
  public void answer(String path, Exchange exchange) {
    Part part = Objects.requireNonNull(parts.get(path), path);
    exchange.setHeader("content-security-policy", POLICY);
    exchange.setHeader("x-content-type-options", "nosniff");
    exchange.setHeader("x-frame-options", "DENY");
    exchange.setHeader("referrer-policy", "no-referrer");
    exchange.setHeader("cross-origin-opener-policy", "same-origin");
    exchange.setHeader("cross-origin-resource-policy", "same-origin");
    if (exchange.path().equals(PATH)) {
      // The page's addresses are relative, so that it works below any path of a proxy.
      exchange.setHeader("location", "console/");
      exchange.send(308, part.type, new byte[0]);
      return;
    }
    exchange.setHeader("cache-control", part.caching);
    exchange.setHeader("etag", part.tag);
    if (matches(exchange.header("if-none-match"), part.tag)) {
      exchange.send(304, part.type, new byte[0]);
    } else if (exchange.method().equals("HEAD")) {
      exchange.setHeader("content-length", Integer.toString(part.content.length));
      exchange.send(200, part.type, new byte[0]);
    } else {
      exchange.send(200, part.type, part.content);
    }
  }

  private static boolean matches(@Nullable String header, String tag) {
    if (header == null) {
      return false;
    }
    for (String one : header.split(",", -1)) {
      String text = one.strip();
      if (text.equals("*") || (text.startsWith("W/") ? text.substring(2) : text).equals(tag)) {
        return true;
      }
    }
    return false;
  }
}
