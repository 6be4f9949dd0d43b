package io.hadal.server.config;

import io.hadal.formats.FormatException;
import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * The section {@code platform.engine}: this process computes for the gateways that share its
 * database.
 *
 * @param address where they reach it, {@code http://HOST:PORT}; null for the address it listens at
 * @param weight share of sessions among equals
 * @param region where it computes; null when unknown
 */
public record EngineConfig(@Nullable String address, int weight, @Nullable String region) {
  static @Nullable EngineConfig read(Section platform) {
    Section section = platform.section("engine");
    if (section.names().isEmpty()) {
      return null;
    }
    EngineConfig config =
        new EngineConfig(
            section.text("address"),
            (int) section.number("weight", 1, 1_000_000, 1),
            section.text("region"));
    section.requireKnown();
    if (config.address != null && !valid(config.address)) {
      throw section.broken("address", "must be http(s)://HOST:PORT");
    }
    return config;
  }

  /**
   * An address of the command line.
   *
   * @param other what the file says; null for nothing
   */
  static EngineConfig at(String address, @Nullable EngineConfig other) {
    if (!valid(address)) {
      throw new FormatException("--engine " + address, "must be http(s)://HOST:PORT");
    }
    return new EngineConfig(
        address, other == null ? 1 : other.weight, other == null ? null : other.region);
  }

  private static boolean valid(String address) {
    try {
      URI uri = new URI(address);
      String scheme = String.valueOf(uri.getScheme());
      String path = uri.getRawPath();
      return (scheme.equals("http") || scheme.equals("https"))
          && uri.getHost() != null
          && uri.getUserInfo() == null
          && uri.getRawQuery() == null
          && (path == null || path.isEmpty());
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
