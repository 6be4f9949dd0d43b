package io.hadal.model.config;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Typed reads from a {@code config.json}; the first spelling present wins. */
final class ConfigFields {
  private final JsonNode node;
  private final String source;

  ConfigFields(JsonNode node, String source) {
    this.node = node;
    this.source = source;
    if (!node.isObject()) {
      throw new FormatException(source, "is no JSON object");
    }
  }

  FormatException error(String field, String message) {
    return new FormatException(source, "field " + field + " " + message);
  }

  @Nullable JsonNode find(String... names) {
    for (String name : names) {
      JsonNode value = node.get(name);
      if (value != null && !value.isNull()) {
        return value;
      }
    }
    return null;
  }

  private JsonNode require(String... names) {
    JsonNode value = find(names);
    if (value == null) {
      throw error(String.join(" / ", names), "is missing");
    }
    return value;
  }

  int positive(String... names) {
    int value = number(names);
    if (value < 1) {
      throw error(names[0], "must be positive, is " + value);
    }
    return value;
  }

  int number(String... names) {
    JsonNode value = require(names);
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
      throw error(names[0], "must be a whole number >= 0, is " + value);
    }
    return value.intValue();
  }

  int numberOr(int fallback, String... names) {
    return find(names) == null ? fallback : number(names);
  }

  double real(String... names) {
    return finite(names[0], require(names));
  }

  double realOr(double fallback, String... names) {
    JsonNode value = find(names);
    return value == null ? fallback : finite(names[0], value);
  }

  private double finite(String name, JsonNode value) {
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw error(name, "must be a finite number, is " + value);
    }
    return value.doubleValue();
  }

  @Nullable String textOrNull(String... names) {
    JsonNode value = find(names);
    if (value == null) {
      return null;
    }
    if (!value.isString()) {
      throw error(names[0], "must be text, is " + value);
    }
    return value.stringValue();
  }

  boolean flagOr(boolean fallback, String name) {
    JsonNode value = find(name);
    if (value == null) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw error(name, "must be true or false, is " + value);
    }
    return value.booleanValue();
  }

  /** The constant of a lower-case name. */
  <T extends Enum<T>> T choice(String field, String name, T[] values) {
    List<String> known = new ArrayList<>();
    for (T value : values) {
      String lower = value.name().toLowerCase(Locale.ROOT);
      if (lower.equals(name)) {
        return value;
      }
      known.add(lower);
    }
    throw error(field, "names " + name + "; supported: " + String.join(", ", known));
  }

  /** Fails when the field is present with another value than the only one supported. */
  void mustBe(String expected, String... names) {
    JsonNode value = find(names);
    if (value != null && !text(value).equals(expected)) {
      throw error(names[0], "is " + value + "; supported: " + expected);
    }
  }

  /** A scalar as text, anything else as JSON. */
  static String text(JsonNode value) {
    return value.isValueNode() ? value.asString() : value.toString();
  }

  List<Integer> numbers(String... names) {
    JsonNode value = require(names);
    if (!value.isArray()) {
      throw error(names[0], "must be a list of whole numbers");
    }
    List<Integer> out = new ArrayList<>();
    for (JsonNode item : value) {
      if (!item.isIntegralNumber() || !item.canConvertToInt()) {
        throw error(names[0], "must hold whole numbers, holds " + item);
      }
      out.add(item.intValue());
    }
    return out;
  }

  /**
   * True when the file says that the model is quantised, in the spelling of the repository root or
   * of its inference folder.
   */
  boolean declaresQuantisation() {
    return find("quantization_config", "scale_fmt") != null;
  }

  @Nullable ConfigFields object(String name) {
    JsonNode value = find(name);
    return value == null ? null : new ConfigFields(value, source + " (" + name + ")");
  }

  /** mHC; delayed gates in V4.1. */
  HyperConfig hyper(boolean delayed) {
    return new HyperConfig(
        positive("hc_mult"),
        positive("hc_sinkhorn_iters"),
        (float) realOr(1e-6, "hc_eps"),
        delayed);
  }

  AttentionConfig attention(boolean normalizesHeads) {
    return new AttentionConfig(
        positive("num_attention_heads", "n_heads"),
        positive("head_dim"),
        positive("qk_rope_head_dim", "rope_head_dim"),
        positive("q_lora_rank"),
        positive("o_groups"),
        positive("o_lora_rank"),
        positive("sliding_window", "window_size"),
        normalizesHeads);
  }

  IndexerConfig indexer(IndexerConfig.Keys keys, IndexerConfig.@Nullable Candidates candidates) {
    return new IndexerConfig(
        positive("index_n_heads"),
        positive("index_head_dim"),
        positive("index_topk"),
        keys,
        candidates);
  }
}
