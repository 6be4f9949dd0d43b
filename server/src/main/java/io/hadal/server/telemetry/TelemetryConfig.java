package io.hadal.server.telemetry;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.server.config.SecretReference;
import io.hadal.server.config.Section;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where traces go: the section {@code telemetry} of the configuration, or the variables that
 * OpenTelemetry has for it.
 *
 * @param endpoint collector that speaks OTLP over HTTP; null for no traces
 * @param service name of this service
 * @param sampled share of traces that are kept, in thousandths, of those that no caller decides on
 * @param headers headers for the collector, as references to secrets
 * @param folder where references to files begin
 */
public record TelemetryConfig(
    @Nullable URI endpoint,
    String service,
    int sampled,
    Map<String, SecretReference> headers,
    Path folder) {
  /** No traces. */
  public static final TelemetryConfig NONE =
      new TelemetryConfig(null, "hadal", 1000, Map.of(), Path.of(""));

  private static final int MOST_HEADERS = 20;

  /**
   * Reads the section.
   *
   * @throws FormatException when a field is unknown or cannot be used
   */
  public static TelemetryConfig read(Section top, Path folder) {
    Section section = top.section("telemetry");
    Section given = section.section("headers");
    Map<String, SecretReference> headers = new LinkedHashMap<>();
    for (String name : given.names()) {
      if (headers.size() == MOST_HEADERS || !name.matches("[A-Za-z0-9-]{1,64}")) {
        throw given.broken(name, "must be a header's name, of at most " + MOST_HEADERS);
      }
      SecretReference reference = given.reference(name);
      if (reference == null) {
        throw given.broken(name, "is required");
      }
      headers.put(name, reference);
    }
    TelemetryConfig config =
        new TelemetryConfig(
            endpoint(section),
            section.text("service", NONE.service),
            (int) section.number("sampled_permille", 0, 1000, NONE.sampled),
            Map.copyOf(headers),
            headers.isEmpty() ? NONE.folder : folder);
    section.requireKnown();
    return config;
  }

  private static @Nullable URI endpoint(Section section) {
    String text = section.text("endpoint");
    if (text == null) {
      return null;
    }
    URI uri = uri(text);
    if (uri == null) {
      throw section.broken(
          "endpoint", "must be the address of a collector, such as http://127.0.0.1:4318");
    }
    return uri;
  }

  private static @Nullable URI uri(String text) {
    try {
      URI uri = new URI(text);
      boolean http = String.valueOf(uri.getScheme()).matches("https?") && uri.getHost() != null;
      return http ? uri : null;
    } catch (URISyntaxException e) {
      return null;
    }
  }

  /**
   * What holds in an environment: its variables count where the file says nothing.
   *
   * @throws FormatException when the variable is no address
   */
  TelemetryConfig in(Map<String, String> environment) {
    String given = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT");
    if (endpoint != null || given == null || given.isBlank()) {
      return this;
    }
    URI uri = uri(given.strip());
    if (uri == null) {
      throw new FormatException(
          "OTEL_EXPORTER_OTLP_ENDPOINT", "must be an address with http or https");
    }
    String name = environment.get("OTEL_SERVICE_NAME");
    return new TelemetryConfig(
        uri, name == null || name.isBlank() ? service : name, sampled, headers, folder);
  }

  /** Where spans are sent. */
  String traces() {
    String base = String.valueOf(endpoint).replaceFirst("/+$", "");
    return base.endsWith("/v1/traces") ? base : base + "/v1/traces";
  }

  /**
   * Headers with their values.
   *
   * @throws FormatException when one cannot be had
   */
  Map<String, SecretText> secrets(Map<String, String> environment) {
    Map<String, SecretText> values = new LinkedHashMap<>();
    headers.forEach(
        (name, reference) -> {
          SecretText secret = reference.resolve(folder);
          boolean key = name.equalsIgnoreCase("authorization");
          values.put(name, key ? new SecretText("Bearer " + secret.reveal()) : secret);
        });
    String given = environment.get("OTEL_EXPORTER_OTLP_HEADERS");
    if (headers.isEmpty() && given != null) {
      for (String pair : given.split(",", MOST_HEADERS)) {
        int equals = pair.indexOf('=');
        if (equals > 0) {
          values.put(
              pair.substring(0, equals).strip(),
              new SecretText(pair.substring(equals + 1).strip()));
        }
      }
    }
    return values;
  }
}
