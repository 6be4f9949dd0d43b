package io.hadal.cli.verify;

import io.hadal.cli.verify.Golden.Prompt;
import io.hadal.cli.verify.Golden.Tensors;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.model.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

  void run(@Nullable Tensors hidden, @Nullable Tensors layers) {
    if (hidden != null) {
      String id = golden.index().path("hidden").path("prompt").asString();
      streams(hidden, observe(golden.prompt(id)));
    }
    if (layers != null) {
      JsonNode detail = golden.index().path("detail");
      Map<String, Seen> seen = observe(golden.prompt(detail.path("prompt").asString()));
      details(layers, seen, Golden.ints(detail.path("positions")));
      selections(seen, detail);
    }
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
      session.append(prompt.tokens());
    }
    return seen;
  }

  private void streams(Tensors t, Map<String, Seen> seen) {
    for (String name : t.store().names()) {
      float[] expected = t.floats(name);
      Seen actual = seen.get(name);
      if (name.equals("embed")) {
        actual = firstStream(seen.get("layer0.in"));
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

  private void details(Tensors t, Map<String, Seen> seen, int[] positions) {
    for (String name : new TreeMap<>(index(t)).keySet()) {
      Seen actual = seen.get(name);
      if (actual == null) {
        report.check(name, false, "not computed by this model");
        continue;
      }
      // Compressed entries are listed whole, everything else at the chosen positions.
      boolean entries = name.matches(".*\\.(comp|idx)_(pooled|kv)");
      float[] values =
          entries ? actual.values : Verifier.rows(actual.values, actual.width, positions);
      if (name.endsWith(".gate_idx")) {
        report.check(name, sameExperts(values, t.ints(name), actual.width), "sets of experts");
        continue;
      }
      float[] expected = t.floats(name);
      if (name.endsWith(".gate_w")) {
        values = inExpectedOrder(name, values, actual.width, t, seen, positions);
      }
      report.add(name, Distance.max(values, expected), LIMIT * Distance.scale(expected), true, "");
    }
  }

  private static Map<String, Boolean> index(Tensors t) {
    Map<String, Boolean> names = new HashMap<>();
    t.store().names().forEach(n -> names.put(n, true));
    return names;
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
      String name, float[] values, int width, Tensors t, Map<String, Seen> seen, int[] positions) {
    String idName = name.replace(".gate_w", ".gate_idx");
    Seen ids = seen.get(idName);
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
