package io.hadal.cli.verify;

import io.hadal.cli.verify.Golden.Prompt;
import io.hadal.cli.verify.Golden.Tensors;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.model.Model;
import io.hadal.model.config.IndexerConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Streams behind every layer and the named values inside single layers. */
final class IntermediateCases {
  private static final double LIMIT = 2e-4;

  private final Model model;
  private final Golden golden;
  private final EngineOptions options;
  private final Report report;

  IntermediateCases(Model model, Golden golden, EngineOptions options, Report report) {
    this.model = model;
    this.golden = golden;
    this.options = options;
    this.report = report;
  }

  /** What the probe has seen: values and width by {@code layerN.name}. */
  private record Seen(float[] values, int width) {}

  void run(@Nullable Tensors hidden, @Nullable Tensors layers, @Nullable Tensors select) {
    if (hidden != null) {
      String id = golden.index().path("hidden").path("prompt").asString();
      streams(hidden, observe(golden.prompt(id)));
    }
    if (layers != null) {
      JsonNode detail = golden.index().path("detail");
      Prompt prompt = golden.prompt(detail.path("prompt").asString());
      Map<String, Seen> seen = observe(prompt);
      int[] positions =
          detail.has("positions")
              ? Golden.ints(detail.path("positions"))
              : all(prompt.tokens().length);
      for (String name : names(layers)) {
        compare(name, name, layers, seen, positions);
      }
      selections(seen, detail);
    }
    if (select != null) {
      for (JsonNode id : golden.index().path("select").path("prompts")) {
        Prompt prompt = golden.prompt(id.asString());
        Map<String, Seen> seen = observe(prompt);
        for (String name : names(select)) {
          if (name.startsWith(prompt.id() + ".")) {
            compare(
                name,
                name.substring(prompt.id().length() + 1),
                select,
                seen,
                all(prompt.tokens().length));
          }
        }
      }
    }
  }

  private static int[] all(int count) {
    int[] out = new int[count];
    Arrays.setAll(out, i -> i);
    return out;
  }

  private static Iterable<String> names(Tensors t) {
    return new TreeSet<>(t.store().names());
  }

  private Map<String, Seen> observe(Prompt prompt) {
    Map<String, Seen> seen = new HashMap<>();
    try (Engine engine =
            new Engine(
                model,
                options,
                (layer, name, values, rows, width) ->
                    seen.put(
                        "layer" + layer + "." + name,
                        new Seen(Arrays.copyOf(values, rows * width), width)));
        Session session = engine.newSession()) {
      session.appendAll(prompt.tokens());
    }
    return seen;
  }

  private void streams(Tensors t, Map<String, Seen> seen) {
    for (String name : t.store().names()) {
      float[] expected = t.floats(name);
      Seen actual = seen.get(name);
      if (name.equals("embed")) {
        actual = firstStream(seen.get("layer0.in"));
      } else if (name.equals("collapsed") || name.equals("final_norm")) {
        actual = seen.get("layer" + model.config().layers().size() + "." + name);
      }
      if (actual == null) {
        report.check("hidden " + name, false, "not computed by this model");
        continue;
      }
      report.add(
          "hidden " + name,
          Distance.max(actual.values, expected),
          LIMIT * Distance.scale(expected),
          true,
          "");
    }
  }

  private @Nullable Seen firstStream(@Nullable Seen streams) {
    if (streams == null) {
      return null;
    }
    int d = model.config().hiddenSize();
    int rows = streams.values.length / streams.width;
    float[] first = new float[rows * d];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(streams.values, r * streams.width, first, r * d, d);
    }
    return new Seen(first, d);
  }

  /**
   * One tensor against what the probe saw.
   *
   * @param name tensor in the golden
   * @param key {@code layerN.value}
   */
  private void compare(
      String name, String key, Tensors t, Map<String, Seen> seen, int[] positions) {
    if (key.endsWith(".idx_topk")) {
      choices(name, key, t, seen, positions);
      return;
    }
    Seen actual = seen.get(key);
    if (actual == null) {
      report.check(name, false, "not computed by this model");
      return;
    }
    // Compressed entries are listed whole, everything else at the chosen positions.
    boolean entries = key.matches(".*\\.(comp|idx)_(pooled|kv|latent)");
    float[] values =
        entries ? actual.values : Verifier.rows(actual.values, actual.width, positions);
    int[] at = positions;
    if (key.matches(".*\\.gate_(idx|w)") && t.shape(name).size() == 1) {
      // Kept for the first position only.
      at = new int[] {positions[0]};
      values = Verifier.rows(actual.values, actual.width, at);
    }
    if (key.endsWith(".gate_idx")) {
      report.check(name, sameExperts(values, t.ints(name), actual.width), "sets of experts");
      return;
    }
    if (key.endsWith(".engram_rows") || key.endsWith(".idx_candidates")) {
      report.check(name, sameInts(values, t.ints(name)), "equal");
      return;
    }
    float[] expected = t.floats(name);
    if (key.endsWith(".idx_score")) {
      ignoreUnscored(key, values, expected);
    }
    if (key.endsWith(".gate_w")) {
      values = inExpectedOrder(name, key, values, actual.width, t, seen, at);
    }
    report.add(name, Distance.max(values, expected), LIMIT * Distance.scale(expected), true, "");
  }

  /** A later indexer scores its candidates only, the reference all entries. */
  private void ignoreUnscored(String key, float[] values, float[] expected) {
    IndexerConfig.Candidates c = model.config().indexer().candidates();
    int layer = Integer.parseInt(key.substring("layer".length(), key.indexOf('.')));
    for (int i = 0; c != null && layer > c.source() && i < expected.length; i++) {
      if (values[i] == Float.NEGATIVE_INFINITY) {
        expected[i] = values[i];
      }
    }
  }

  private static boolean sameInts(float[] actual, int[] expected) {
    if (actual.length != expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if ((int) actual[i] != expected[i]) {
        return false;
      }
    }
    return true;
  }

  /** Chosen entries, ascending, padded with -1. */
  private void choices(
      String name, String key, Tensors t, Map<String, Seen> seen, int[] positions) {
    Seen actual = seen.get(key.replace(".idx_topk", ".selected"));
    int[] expected = t.ints(name);
    int width = expected.length / positions.length;
    int wrong = 0;
    for (int i = 0; i < positions.length; i++) {
      int[] got = actual == null ? new int[0] : chosen(actual, positions[i]);
      int[] want =
          Arrays.stream(expected, i * width, (i + 1) * width).filter(e -> e >= 0).toArray();
      wrong += Arrays.equals(got, want) ? 0 : 1;
    }
    report.check(name, wrong == 0, (positions.length - wrong) + "/" + positions.length + " equal");
  }

  private static boolean sameExperts(float[] actual, int[] expected, int width) {
    if (actual.length != expected.length) {
      return false;
    }
    for (int at = 0; at < expected.length; at += width) {
      int[] a = new int[width];
      int[] e = new int[width];
      for (int i = 0; i < width; i++) {
        a[i] = (int) actual[at + i];
        e[i] = expected[at + i];
      }
      if (!Verifier.sameSets(a, e)) {
        return false;
      }
    }
    return true;
  }

  /** Routing weights follow their experts, whose order has no meaning. */
  private static float[] inExpectedOrder(
      String name,
      String key,
      float[] values,
      int width,
      Tensors t,
      Map<String, Seen> seen,
      int[] positions) {
    String idName = name.replace(".gate_w", ".gate_idx");
    Seen ids = seen.get(key.replace(".gate_w", ".gate_idx"));
    if (ids == null || !t.has(idName)) {
      return values;
    }
    float[] actualIds = Verifier.rows(ids.values, width, positions);
    int[] expectedIds = t.ints(idName);
    float[] out = new float[values.length];
    for (int at = 0; at < values.length; at += width) {
      for (int i = 0; i < width; i++) {
        for (int j = 0; j < width; j++) {
          if ((int) actualIds[at + j] == expectedIds[at + i]) {
            out[at + i] = values[at + j];
          }
        }
      }
    }
    return out;
  }

  private void selections(Map<String, Seen> seen, JsonNode detail) {
    int[] positions = Golden.ints(detail.path("positions"));
    for (Map.Entry<String, JsonNode> layer : detail.path("selected_entries").properties()) {
      Seen actual = seen.get("layer" + layer.getKey() + ".selected");
      List<String> wrong = new ArrayList<>();
      for (int i = 0; i < positions.length; i++) {
        int[] expected = Golden.ints(layer.getValue().get(i));
        int[] got = actual == null ? new int[0] : chosen(actual, positions[i]);
        if (!Verifier.sameSets(got, expected)) {
          wrong.add("position " + positions[i]);
        }
      }
      report.check(
          "layer" + layer.getKey() + ".selected_entries",
          wrong.isEmpty(),
          wrong.isEmpty() ? positions.length + " sets equal" : String.join(", ", wrong));
    }
  }

  private static int[] chosen(Seen seen, int position) {
    int count = 0;
    int[] out = new int[seen.width];
    for (int i = 0; i < seen.width; i++) {
      float v = seen.values[position * seen.width + i];
      if (v >= 0) {
        out[count++] = (int) v;
      }
    }
    return Arrays.copyOf(out, count);
  }
}
