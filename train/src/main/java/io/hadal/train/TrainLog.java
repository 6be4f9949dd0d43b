package io.hadal.train;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.train.graph.DraftLosses;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** JSON lines of a run. */
final class TrainLog implements AutoCloseable {
  private final Path file;
  private final Writer writer;

  /**
   * What a step did.
   *
   * @param tokens of the step
   * @param loss nats a token
   * @param bitsPerByte of the step's text
   * @param divergence of the indexers, nats a token, summed over layers
   * @param drafts of the block drafter
   * @param rate learning rate
   * @param norm of the gradient
   * @param context tokens of a row
   * @param loads assignments of each layer's experts
   * @param gates mean gate of each n-gram memory
   */
  record Entry(
      int tokens,
      double loss,
      double bitsPerByte,
      double divergence,
      DraftLosses drafts,
      double rate,
      double norm,
      int context,
      List<long[]> loads,
      Map<Integer, Double> gates) {}

  /** Opens the log; lines of steps that the checkpoint does not know are dropped. */
  TrainLog(Path file, long step) {
    this.file = file;
    try {
      List<String> kept = new ArrayList<>();
      if (step > 0 && Files.exists(file)) {
        for (String line : Files.readAllLines(file)) {
          if (stepOf(line) <= step) {
            kept.add(line);
          }
        }
      }
      Files.write(file, kept);
      this.writer =
          Files.newBufferedWriter(
              file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static long stepOf(String line) {
    try {
      JsonNode node = Json.parse(line.getBytes(StandardCharsets.UTF_8), "log");
      return node.path("step").asLong(Long.MAX_VALUE);
    } catch (FormatException e) {
      // Half a line from a killed run.
      return Long.MAX_VALUE;
    }
  }

  void step(TrainListener.Step s, Entry e) {
    ObjectNode o = JsonNodeFactory.instance.objectNode();
    o.put("step", s.step());
    o.put("tokens", s.tokens());
    o.put("loss", rounded(e.loss()));
    o.put("bits_per_byte", rounded(e.bitsPerByte()));
    o.put("index_divergence", rounded(e.divergence()));
    if (e.drafts().targets() > 0) {
      o.put("draft_loss", rounded(e.drafts().loss()));
      o.put("draft_agreement", rounded(e.drafts().agreement()));
    }
    o.put("learning_rate", e.rate());
    o.put("gradient_norm", rounded(e.norm()));
    o.put("context", e.context());
    o.put("tokens_per_second", Math.round(s.tokensPerSecond()));
    o.put("gflop_per_second", Math.round(10 * s.gigaflops()) / 10.0);
    o.put("seconds_left", Math.round(s.secondsLeft()));
    ArrayNode loads = o.putArray("largest_expert_load");
    for (long[] layer : e.loads()) {
      long sum = 0;
      long max = 0;
      for (long n : layer) {
        sum += n;
        max = Math.max(max, n);
      }
      loads.add(rounded((double) max * layer.length / Math.max(1, sum)));
    }
    ObjectNode gates = o.putObject("engram_gate");
    e.gates().forEach((layer, mean) -> gates.put(layer.toString(), rounded(mean)));
    write(o);
  }

  void evaluation(long step, long tokens, Map<String, Double> bitsPerByte) {
    ObjectNode o = JsonNodeFactory.instance.objectNode();
    o.put("step", step);
    o.put("tokens", tokens);
    ObjectNode results = o.putObject("evaluation");
    bitsPerByte.forEach((name, value) -> results.put(name, rounded(value)));
    write(o);
  }

  private static double rounded(double v) {
    return Double.isFinite(v) ? Math.round(v * 1e5) / 1e5 : -1;
  }

  private void write(ObjectNode o) {
    try {
      writer.write(o + "\n");
      writer.flush();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private FormatException failed(IOException e) {
    return new FormatException(file.toString(), "cannot be written: " + e, e);
  }

  @Override
  public void close() {
    try {
      writer.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
