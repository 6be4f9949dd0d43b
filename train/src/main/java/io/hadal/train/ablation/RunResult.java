package io.hadal.train.ablation;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.train.DocumentScores;
import io.hadal.train.ModelCost;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A finished run.
 *
 * @param identity of everything the result depends on
 * @param cost size and work of the model
 * @param tokensPerSecond of training
 * @param scores by held-out text; empty after a failure
 * @param failure why there is no model, null normally
 */
public record RunResult(
    String identity,
    String arm,
    long seed,
    ModelCost cost,
    double tokensPerSecond,
    Map<String, DocumentScores> scores,
    @Nullable String failure) {
  private static final long MAX_SIZE = 256L << 20;

  public RunResult {
    scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
  }

  /**
   * The result in a file, null when there is none of this identity.
   *
   * @throws FormatException when the file is broken
   */
  static @Nullable RunResult read(Path file, String identity) {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    JsonNode node = Json.parse(file, MAX_SIZE);
    if (!node.path("identity").asString("").equals(identity)) {
      return null;
    }
    Map<String, DocumentScores> scores = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> e : node.path("documents").properties()) {
      List<DocumentScores.Document> documents = new ArrayList<>();
      for (JsonNode d : e.getValue()) {
        documents.add(
            new DocumentScores.Document(
                d.path(0).asLong(), d.path(1).asDouble(), d.path(2).asLong()));
      }
      scores.put(e.getKey(), new DocumentScores(documents));
    }
    return new RunResult(
        identity,
        node.path("arm").asString(""),
        node.path("seed").asLong(0),
        new ModelCost(
            node.path("parameters").asLong(0),
            node.path("active_parameters").asLong(0),
            node.path("flops_per_token").asLong(0)),
        node.path("tokens_per_second").asDouble(0),
        scores,
        node.path("failure").isString() ? node.path("failure").asString() : null);
  }

  /** Figures without the documents. */
  ObjectNode summary() {
    ObjectNode o = JsonNodeFactory.instance.objectNode();
    o.put("arm", arm);
    o.put("seed", seed);
    o.put("parameters", cost.parameters());
    o.put("active_parameters", cost.active());
    o.put("flops_per_token", cost.flops());
    o.put("tokens_per_second", Math.round(tokensPerSecond));
    ObjectNode bits = o.putObject("bits_per_byte");
    scores.forEach((name, s) -> bits.put(name, s.bitsPerByte()));
    if (failure != null) {
      o.put("failure", failure);
    }
    return o;
  }

  /** Writes the result with all its documents: number, bits, bytes. */
  void write(Path file) throws IOException {
    ObjectNode o = summary();
    o.put("identity", identity);
    ObjectNode sets = o.putObject("documents");
    scores.forEach(
        (name, s) -> {
          ArrayNode list = sets.putArray(name);
          for (DocumentScores.Document d : s.documents()) {
            list.addArray().add(d.number()).add(d.bits()).add(d.bytes());
          }
        });
    AtomicFiles.write(file, (o + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
