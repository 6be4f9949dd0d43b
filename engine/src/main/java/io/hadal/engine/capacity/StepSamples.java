package io.hadal.engine.capacity;

import io.hadal.engine.serving.StepSize;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/**
 * The newest steps of each size, sizes by powers of two: what is rare is kept as long as what comes
 * all the time, and memory is bounded.
 */
final class StepSamples {
  /** Of each size. */
  static final int KEPT = 16;

  private static final int MOST_SIZES = 256;

  /** A step that was. */
  record Sample(StepSize size, double nanos) {}

  /**
   * Steps of about one size.
   *
   * @param at when the newest was, milliseconds since 1970
   */
  record Cell(List<Sample> samples, long at) {}

  private final Map<List<Integer>, Cell> cells = new HashMap<>();

  /** Adds a step; the oldest of its size is forgotten, and the size that was unused longest. */
  void add(StepSize size, double nanos, long at) {
    List<Integer> key =
        List.of(
            power(size.promptTokens()),
            power(size.promptContext()),
            power(size.answers()),
            power(size.answerContext()));
    Cell cell = cells.get(key);
    List<Sample> samples = cell == null ? new ArrayList<>() : cell.samples;
    if (samples.size() == KEPT) {
      samples.removeFirst();
    }
    samples.add(new Sample(size, nanos));
    cells.put(key, new Cell(samples, at));
    if (cells.size() > MOST_SIZES) {
      cells.entrySet().stream()
          .min(Comparator.comparingLong(e -> e.getValue().at))
          .ifPresent(oldest -> cells.remove(oldest.getKey()));
    }
  }

  private static int power(double value) {
    return value < 1 ? 0 : 1 + Math.getExponent(value);
  }

  /** All of them, copied. */
  List<Cell> cells() {
    return cells.values().stream().map(c -> new Cell(List.copyOf(c.samples), c.at)).toList();
  }

  /** How many are kept. */
  int count() {
    return cells.values().stream().mapToInt(cell -> cell.samples.size()).sum();
  }

  /** Each as its four figures, its nanoseconds and the moment of its size. */
  static void write(List<Cell> cells, ArrayNode to) {
    for (Cell cell : cells) {
      for (Sample sample : cell.samples) {
        StepSize size = sample.size;
        to.addArray()
            .add(size.promptTokens())
            .add(Math.round(size.promptContext()))
            .add(size.answers())
            .add(Math.round(size.answerContext()))
            .add(Math.round(sample.nanos))
            .add(cell.at);
      }
    }
  }

  /** Takes in what {@link #write} wrote; lines that are none are left out. */
  void read(JsonNode lines) {
    for (JsonNode line : lines) {
      StepSize size =
          new StepSize(
              line.path(0).asInt(-1),
              line.path(1).asDouble(-1),
              line.path(2).asInt(-1),
              line.path(3).asDouble(-1));
      double nanos = line.path(4).asDouble(-1);
      boolean sized =
          size.promptTokens() >= 0
              && size.promptContext() >= 0
              && size.answers() >= 0
              && size.answerContext() >= 0
              && size.promptTokens() + size.answers() > 0;
      if (sized && nanos > 0 && line.path(5).asLong(-1) >= 0) {
        add(size, nanos, line.path(5).asLong());
      }
    }
  }
}
