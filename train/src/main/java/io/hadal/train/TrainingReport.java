package io.hadal.train;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The log of a run as plots on one page that needs nothing else. */
final class TrainingReport {
  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Training report</title>
      <meta name="viewport" content="width=device-width">
      <style>
      :root { color-scheme: light dark; }
      body { font: 15px/1.4 system-ui, sans-serif; max-width: 1360px; margin: 2em auto; padding: 0 1em;
        display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 1em; }
      h1 { grid-column: 1 / -1; font-size: 1.3em; margin: 0; }
      figure { margin: 0; } figcaption { font-weight: 600; } p { margin: 0; font-size: .85em; }
      svg { width: 100%; } text { font-size: 11px; fill: currentColor; } .y { text-anchor: end; }
      .g { stroke: currentColor; opacity: .15; } .l { fill: none; stroke-width: 1.5; }
      </style></head><body>
      """;

  private final LinePlot loss = new LinePlot("Loss, nats a token");
  private final LinePlot bits = new LinePlot("Bits a byte");
  private final LinePlot evaluation = new LinePlot("Held-out text, bits a byte");
  private final LinePlot rate = new LinePlot("Learning rate");
  private final LinePlot norm = new LinePlot("Norm of the gradient");
  private final LinePlot speed = new LinePlot("Tokens a second");
  private final LinePlot loads = new LinePlot("Largest expert load, 1 = even");
  private final LinePlot gates = new LinePlot("Engram gate, mean");
  private final LinePlot divergence = new LinePlot("Indexer divergence, nats a token");
  private final LinePlot drafts =
      new LinePlot("Drafter: loss, nats a token; agreement with the model");
  private long step;

  private TrainingReport() {}

  /**
   * Writes the page.
   *
   * @throws FormatException when a file cannot be read or written
   */
  static void write(Path log, Path page) {
    TrainingReport report = new TrainingReport();
    try (BufferedReader lines = Files.newBufferedReader(log)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        report.add(Json.parse(line.getBytes(StandardCharsets.UTF_8), log.toString()));
      }
      AtomicFiles.write(page, report.html().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new FormatException(page.toString(), "cannot be written: " + e, e);
    }
  }

  private void add(JsonNode line) {
    double tokens = line.path("tokens").asDouble(0);
    step = Math.max(step, line.path("step").asLong(0));
    for (Map.Entry<String, JsonNode> e : line.path("evaluation").properties()) {
      evaluation.add(e.getKey(), tokens, number(e.getValue()));
    }
    if (!line.has("loss")) {
      return;
    }
    loss.add("loss", tokens, number(line.path("loss")));
    bits.add("training text", tokens, number(line.path("bits_per_byte")));
    divergence.add("all layers", tokens, number(line.path("index_divergence")));
    if (line.has("draft_loss")) {
      drafts.add("loss", tokens, number(line.path("draft_loss")));
      drafts.add("agreement", tokens, number(line.path("draft_agreement")));
    }
    rate.add("rate", tokens, number(line.path("learning_rate")));
    norm.add("norm", tokens, number(line.path("gradient_norm")));
    speed.add("tokens/s", tokens, number(line.path("tokens_per_second")));
    int layer = 0;
    for (JsonNode load : line.path("largest_expert_load")) {
      loads.add("layer " + layer++, tokens, number(load));
    }
    for (Map.Entry<String, JsonNode> e : line.path("engram_gate").properties()) {
      gates.add("layer " + e.getKey(), tokens, number(e.getValue()));
    }
  }

  private static double number(JsonNode node) {
    return node.asDouble(Double.NaN);
  }

  private String html() {
    StringBuilder out = new StringBuilder(HEAD);
    out.append("<h1>Training report, step ").append(step).append("</h1>\n");
    for (LinePlot plot :
        List.of(loss, bits, evaluation, rate, norm, speed, loads, gates, divergence, drafts)) {
      out.append(plot.html());
    }
    return out.append("</body></html>\n").toString();
  }
}
