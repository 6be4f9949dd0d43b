package io.hadal.platform.keys;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.limits.KeyLimits;
import io.hadal.platform.tenancy.Names;
import io.hadal.platform.tenancy.Scope;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a key may do, and how long.
 *
 * @param models names and patterns with * of models; empty for all
 * @param addresses ranges in CIDR form; empty for all
 * @param limits JSON object of its own {@link KeyLimits}
 * @param expiresAt milliseconds since 1970; null for never
 */
public record KeyTerms(
    String name,
    Set<Scope> scopes,
    List<String> models,
    List<String> addresses,
    String limits,
    @Nullable Long expiresAt) {
  /** JSON of a key without limits of its own. */
  public static final String NO_LIMITS = "{}";

  private static final int MOST_ENTRIES = 100;
  private static final int LONGEST_NAME = 100;
  private static final int LONGEST_LIMITS = 8192;

  /**
   * Terms.
   *
   * @throws FormatException when one of them is unusable
   */
  public KeyTerms {
    name = name.strip();
    scopes = Set.copyOf(scopes);
    models = List.copyOf(models);
    addresses = List.copyOf(addresses);
    if (name.isEmpty() || name.length() > LONGEST_NAME || !Names.isPlain(name)) {
      throw new FormatException(
          "name", "must be 1 to " + LONGEST_NAME + " characters that can be seen");
    }
    if (scopes.isEmpty()) {
      throw new FormatException("scopes", "must not be empty");
    }
    few("models", models);
    for (String model : models) {
      if (!model.matches("[A-Za-z0-9._:/@*+-]{1,200}")) {
        throw new FormatException(
            "models", "must be names of letters, digits and . _ : / @ + -, with * for anything");
      }
    }
    few("addresses", addresses);
    addresses.forEach(AddressRange::parse);
    if (limits.length() > LONGEST_LIMITS) {
      throw new FormatException("limits", "must have at most " + LONGEST_LIMITS + " characters");
    }
    limits = KeyLimits.read(limits(limits)).json().toString();
  }

  /** Limits of a key as a tree. */
  public static JsonNode limits(String json) {
    return Json.parse(json.getBytes(StandardCharsets.UTF_8), "limits");
  }

  /** Terms of a key for inference with all models, from anywhere, for ever. */
  public static KeyTerms inference(String name) {
    return new KeyTerms(
        name,
        EnumSet.of(Scope.INFERENCE, Scope.MODELS_READ),
        List.of(),
        List.of(),
        NO_LIMITS,
        null);
  }

  /** The terms a key has. */
  public static KeyTerms of(ApiKey key) {
    return new KeyTerms(
        key.name(), key.scopes(), key.models(), key.addresses(), key.limits(), key.expiresAt());
  }

  private static void few(String field, List<String> entries) {
    if (entries.size() > MOST_ENTRIES) {
      throw new FormatException(field, "must have at most " + MOST_ENTRIES + " entries");
    }
  }

  /**
   * Scopes of names.
   *
   * @throws FormatException when a name is unknown
   */
  public static Set<Scope> scopes(List<String> names) {
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    for (String name : names) {
      Scope found = null;
      for (Scope scope : Scope.values()) {
        if (scope.text().equals(name)) {
          found = scope;
        }
      }
      if (found == null) {
        List<String> known = new ArrayList<>();
        for (Scope scope : Scope.values()) {
          known.add(scope.text());
        }
        throw new FormatException("scopes", "must be of " + String.join(", ", known));
      }
      scopes.add(found);
    }
    return scopes;
  }
}
