package io.hadal.server.routing.config;

import io.hadal.server.config.SecretReference;
import io.hadal.server.config.Section;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A provider or replica.
 *
 * @param url where it is, with or without {@code /v1} at the end
 * @param keys credentials, used in turn; none for an upstream that wants none
 * @param models its models by the names that clients use, also with *; empty to pass all names on
 * @param standard what holds for models that are not described
 * @param speaks what it answers
 * @param region where it computes; null when unknown
 * @param zdr whether it keeps nothing of a request
 * @param baa whether a contract covers health information
 * @param weight share of requests among equals
 * @param priority the lowest is tried first
 * @param headers further headers of every request
 * @param probeSeconds time between two looks at a healthy upstream; 0 for none
 */
public record UpstreamConfig(
    String name,
    URI url,
    UpstreamFormat format,
    List<SecretReference> keys,
    Map<String, UpstreamModel> models,
    UpstreamModel standard,
    Set<Operation> speaks,
    @Nullable String region,
    boolean zdr,
    boolean baa,
    Timeouts timeouts,
    int weight,
    int priority,
    Map<String, String> headers,
    int probeSeconds) {
  private static final int MOST_KEYS = 256;

  /** Headers that a configuration must not set: they frame the request or hold credentials. */
  private static final Set<String> OWN_HEADERS =
      Set.of(
          "authorization",
          "x-api-key",
          "api-key",
          "connection",
          "content-length",
          "content-type",
          "expect",
          "host",
          "transfer-encoding",
          "upgrade",
          "cookie");

  /** The model that it calls so itself; null when it has none of that name. */
  public @Nullable UpstreamModel modelCalled(String upstreamName) {
    return models.values().stream()
        .filter(m -> m.upstreamName().equals(upstreamName))
        .findFirst()
        .orElse(null);
  }

  /** The model that a name stands for; null when there is none. */
  public @Nullable UpstreamModel model(String name) {
    UpstreamModel exact = models.get(name);
    if (exact != null) {
      return exact;
    }
    if (models.isEmpty()) {
      return standard.named(name);
    }
    for (Map.Entry<String, UpstreamModel> entry : models.entrySet()) {
      String part = NamePattern.match(entry.getKey(), name);
      if (part != null && NamePattern.isPattern(entry.getKey())) {
        UpstreamModel model = entry.getValue();
        return model.named(model.upstreamName().replace("*", part));
      }
    }
    return null;
  }

  static UpstreamConfig read(Section section) {
    String name = section.required("name");
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
        || name.equals("local")
        || name.equals(RoutingConfig.ENGINES)) {
      throw section.broken(
          "name",
          "must be up to 64 letters, digits, dots, hyphens, underscores, and not local or engines");
    }
    UpstreamFormat format = section.choice("format", UpstreamFormat.OPENAI);
    List<SecretReference> keys = section.references("keys");
    if (keys.size() > MOST_KEYS) {
      throw section.broken("keys", "must be at most " + MOST_KEYS);
    }
    Set<String> features = features(section);
    UpstreamModel standard =
        new UpstreamModel(
            "*",
            (int) section.number("context", 1, 1 << 28, 0),
            features,
            Prices.read(section.section("prices"), null));
    UpstreamConfig config =
        new UpstreamConfig(
            name,
            url(section),
            format,
            keys,
            models(section.section("models"), standard),
            standard,
            speaks(section, format),
            section.text("region"),
            section.flag("zdr", false),
            section.flag("baa", false),
            Timeouts.read(section.section("timeouts")),
            (int) section.number("weight", 1, 1_000_000, 1),
            (int) section.number("priority", 0, 1_000_000, 0),
            headers(section.section("headers")),
            (int) section.number("probe_seconds", 0, 86_400, 30));
    section.requireKnown();
    return config;
  }

  private static URI url(Section section) {
    String text = section.required("url");
    try {
      URI url = new URI(text.replaceAll("/+$", ""));
      boolean http = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
      if (!http || url.getHost() == null || url.getUserInfo() != null || url.getQuery() != null) {
        throw section.broken("url", "must be http(s)://host[:port][/path] without credentials");
      }
      return url;
    } catch (URISyntaxException e) {
      throw section.broken("url", "is no URL");
    }
  }

  private static Set<String> features(Section section) {
    Set<String> features = new HashSet<>(section.texts("features"));
    for (String feature : features) {
      if (!UpstreamModel.FEATURES.contains(feature)) {
        throw section.broken(
            "features",
            "must be of " + String.join(", ", UpstreamModel.FEATURES.stream().sorted().toList()));
      }
    }
    return features;
  }

  private static Set<Operation> speaks(Section section, UpstreamFormat format) {
    List<String> names = section.texts("speaks");
    if (names.isEmpty()) {
      return format.speaks();
    }
    Set<Operation> speaks = EnumSet.noneOf(Operation.class);
    for (String name : names) {
      try {
        Operation operation = Operation.valueOf(name.toUpperCase(Locale.ROOT));
        if (operation.counts()) {
          throw new IllegalArgumentException(name);
        }
        speaks.add(operation);
      } catch (IllegalArgumentException e) {
        throw section.broken(
            "speaks",
            "must be of chat, completions, responses, messages, embeddings, images, videos");
      }
    }
    return speaks;
  }

  private static Map<String, UpstreamModel> models(Section section, UpstreamModel standard) {
    Map<String, UpstreamModel> models = new LinkedHashMap<>();
    for (String name : section.names()) {
      if (name.isBlank() || name.length() > 256 || name.indexOf('*') != name.lastIndexOf('*')) {
        throw section.broken(name, "must be a name of a model, with at most one *");
      }
      if (section.isText(name)) {
        models.put(name, standard.named(section.required(name)));
        continue;
      }
      Section model = section.section(name);
      Set<String> features = features(model);
      models.put(
          name,
          new UpstreamModel(
              model.required("name"),
              (int) model.number("context", 1, 1 << 28, standard.context()),
              features.isEmpty() ? standard.features() : features,
              Prices.read(model.section("prices"), standard.prices())));
      model.requireKnown();
    }
    return models;
  }

  private static Map<String, String> headers(Section section) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (String name : section.names()) {
      String lower = name.toLowerCase(Locale.ROOT);
      String value = section.required(name);
      boolean clean = value.chars().allMatch(c -> c >= 0x20 && c <= 0x7e);
      if (!name.matches("[A-Za-z0-9-]{1,64}") || OWN_HEADERS.contains(lower) || !clean) {
        throw section.broken(
            name, "is no header that may stand here; credentials belong into keys");
      }
      headers.put(lower, value);
    }
    return headers;
  }
}
