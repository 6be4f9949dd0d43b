package io.hadal.cli.explain;

import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.model.Probe;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.LayerConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Keeps what the forward pass shows of one step and turns it into traces of the step's tokens. */
public final class TraceCollector implements Probe {
  private static final Set<String> NAMES =
      Set.of("gate_idx", "gate_w", "selected", "engram_gate", "engram_e");

  private final TraceHeader header;
  private final @Nullable EngramChannels channels;
  private final Map<String, Values> seen = new HashMap<>();

  private record Values(float[] values, int width) {
    float[] row(int row) {
      return Arrays.copyOfRange(values, row * width, (row + 1) * width);
    }
  }

  public TraceCollector(TraceHeader header) {
    EngramConfig engram = header.config().engram();
    this.header = header;
    this.channels = engram == null ? null : EngramChannels.of(engram);
  }

  @Override
  public void record(int layer, String name, float[] values, int rows, int width) {
    if (NAMES.contains(name) && header.layers().contains(layer)) {
      seen.put(key(layer, name), new Values(Arrays.copyOf(values, rows * width), width));
    }
  }

  private static String key(int layer, String name) {
    return layer + "." + name;
  }

  /**
   * Traces of a step that was just run; what was seen of it is dropped.
   *
   * @param ids the step's tokens
   * @param start position of the first
   */
  public List<TokenTrace> take(int[] ids, int start, @Nullable Tokenizer tokenizer) {
    List<TokenTrace> tokens = new ArrayList<>();
    for (int row = 0; row < ids.length; row++) {
      List<LayerTrace> layers = new ArrayList<>();
      for (int layer : header.layers()) {
        layers.add(layer(layer, row, start + row));
      }
      TokenText text =
          tokenizer == null || ids[row] >= tokenizer.vocabSize()
              ? null
              : new TokenText(tokenizer.tokenBytes(ids[row]));
      tokens.add(new TokenTrace(start + row, ids[row], text, layers));
    }
    seen.clear();
    return tokens;
  }

  private LayerTrace layer(int layer, int row, int position) {
    LayerConfig config = header.layer(layer);
    float[] ids = values(layer, "gate_idx").row(row);
    float[] weights = values(layer, "gate_w").row(row);
    int[] order =
        IntStream.range(0, ids.length)
            .boxed()
            .sorted(Comparator.comparing((Integer i) -> -weights[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    int[] experts = new int[order.length];
    float[] sorted = new float[order.length];
    for (int i = 0; i < order.length; i++) {
      experts[i] = (int) ids[order[i]];
      sorted[i] = weights[order[i]];
    }
    Values gates = seen.get(key(layer, "engram_gate"));
    Values rows = seen.get(key(layer, "engram_e"));
    return new LayerTrace(
        layer,
        experts,
        sorted,
        config.visibleEntries(position),
        config.indexed() ? entries(seen.get(key(layer, "selected")), row) : null,
        gates == null ? null : gates.row(row),
        rows == null || channels == null ? null : channels.rms(rows.values, row * rows.width));
  }

  private Values values(int layer, String name) {
    return Objects.requireNonNull(seen.get(key(layer, name)), name);
  }

  /** Without -1, which fills a row up; a step that sees no entry shows no row. */
  private static int[] entries(@Nullable Values selected, int row) {
    if (selected == null) {
      return new int[0];
    }
    float[] padded = selected.row(row);
    int[] entries = new int[padded.length];
    int count = 0;
    for (float entry : padded) {
      if (entry >= 0) {
        entries[count++] = (int) entry;
      }
    }
    return Arrays.copyOf(entries, count);
  }
}
