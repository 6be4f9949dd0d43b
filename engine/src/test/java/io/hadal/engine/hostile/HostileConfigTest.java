package io.hadal.engine.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Whatever stands in a config.json, reading it ends with a configuration or a message about a
 * field.
 */
class HostileConfigTest {
  private static final List<String> VALUES =
      List.of(
          "null",
          "-1",
          "0",
          "1",
          "7",
          "2147483647",
          "9223372036854775807",
          "1e308",
          "0.5",
          "true",
          "\"x\"",
          "\"\"",
          "[]",
          "[1]",
          "[-5]",
          "[1e9,2]",
          "{}",
          "[[[]]]");

  private static byte[] bytes(String model) {
    try (InputStream in =
        Objects.requireNonNull(
            HostileConfigTest.class.getResourceAsStream("/golden/" + model + "/config.json"))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectNode config(String model) {
    return (ObjectNode) Json.parse(bytes(model), model);
  }

  private static ModelConfig read(JsonNode node) {
    return ConfigReader.parse(node, "config.json");
  }

  /** Every field of both families, every kind of wrong value. */
  @ParameterizedTest
  @ValueSource(strings = {"a", "e"})
  void anyFieldMayHoldAnything(String model) {
    int refused = 0;
    for (String path : paths(config(model))) {
      for (String value : VALUES) {
        ObjectNode root = config(model);
        String[] parts = path.split("/");
        ObjectNode at = root;
        for (int i = 0; i < parts.length - 1; i++) {
          at = (ObjectNode) at.get(parts[i]);
        }
        at.set(parts[parts.length - 1], JsonMapper.shared().readTree(value));
        refused += outcome(root) ? 0 : 1;
      }
    }
    assertThat(refused).isGreaterThan(200);
  }

  private static List<String> paths(ObjectNode node) {
    List<String> out = new ArrayList<>();
    node.properties()
        .forEach(
            e -> {
              out.add(e.getKey());
              if (e.getValue() instanceof ObjectNode inner) {
                paths(inner).forEach(p -> out.add(e.getKey() + "/" + p));
              }
            });
    return out;
  }

  /** True for a configuration, false for a message. */
  private static boolean outcome(JsonNode node) {
    return Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () -> {
          try {
            read(node);
            return true;
          } catch (FormatException e) {
            assertThat(e.getMessage()).startsWith("config.json");
            return false;
          }
        });
  }

  /** Random bytes written over the text, seeds kept here. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void damagedTextIsAMessage(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 400; round++) {
      byte[] text = bytes(round % 2 == 0 ? "a" : "e");
      int edits = 1 + random.nextInt(6);
      for (int i = 0; i < edits; i++) {
        int at = random.nextInt(text.length);
        text[at] =
            random.nextBoolean() ? (byte) random.nextInt(256) : text[random.nextInt(text.length)];
      }
      byte[] cut = Arrays.copyOf(text, text.length - random.nextInt(3) * 100);
      try {
        read(Json.parse(cut, "config.json"));
      } catch (FormatException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"model_type\":\"llama\"} | llama is not supported; supported: deepseek_v4",
        "{} | names no architecture",
        "[] | no JSON object",
        "{\"architectures\":[\"GptForCausalLM\"]} | GptForCausalLM is not supported",
      })
  void anUnknownArchitectureIsNamed(String text, String expected) {
    assertThatThrownBy(
            () -> read(Json.parse(text.strip().getBytes(StandardCharsets.UTF_8), "config.json")))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(expected.strip());
  }

  @ParameterizedTest
  @CsvSource({
    "hidden_size,-3", "hc_sinkhorn_iters,2147483647", "hc_mult,9", "o_groups,3",
    "qk_rope_head_dim,31", "num_experts_per_tok,99", "sliding_window,0", "index_head_dim,48",
    "eos_token_id,99999"
  })
  void aWrongFieldIsNamed(String field, int value) {
    ObjectNode root = config("a");
    root.put(field, value);
    assertThatThrownBy(() -> read(root))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(field);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hidden_size", "compress_ratios", "n_routed_experts", "vocab_size"})
  void aMissingFieldIsNamed(String field) {
    ObjectNode root = config("a");
    root.remove(field);
    assertThatThrownBy(() -> read(root))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(field)
        .hasMessageContaining("missing");
  }

  /** The release's inference folder spells the same fields differently. */
  @ParameterizedTest
  @ValueSource(strings = {"a"})
  void bothSpellingsGiveTheSameModel(String model) {
    ObjectNode root = config(model);
    ObjectNode flat = JsonMapper.shared().createObjectNode();
    String[][] renamed = {
      {"hidden_size", "dim"},
      {"moe_intermediate_size", "moe_inter_dim"},
      {"num_hidden_layers", "n_layers"},
      {"num_hash_layers", "n_hash_layers"},
      {"num_nextn_predict_layers", "n_mtp_layers"},
      {"num_attention_heads", "n_heads"},
      {"num_experts_per_tok", "n_activated_experts"},
      {"scoring_func", "score_func"},
      {"routed_scaling_factor", "route_scale"},
      {"qk_rope_head_dim", "rope_head_dim"},
      {"sliding_window", "window_size"},
    };
    ModelConfig expected = read(root.deepCopy());
    for (String[] r : renamed) {
      JsonNode value = root.remove(r[0]);
      if (value != null) {
        root.set(r[1], value);
      }
    }
    ObjectNode scaling = (ObjectNode) root.remove("rope_scaling");
    root.set("rope_factor", scaling.get("factor"));
    root.set("original_seq_len", scaling.get("original_max_position_embeddings"));
    root.set("beta_fast", scaling.get("beta_fast"));
    root.set("beta_slow", scaling.get("beta_slow"));
    root.remove("model_type");
    root.remove("architectures");
    flat.setAll(root);
    assertThat(read(flat)).isEqualTo(expected);
  }
}
